using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>A property of an object.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">Accepts its value.</param>
/// <param name="Required">It must not be left out.</param>
internal sealed record NamedProperty(string Name, Node Value, bool Required);
