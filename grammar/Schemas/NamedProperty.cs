using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>A named property of an object.</summary>
/// <param name="Name">The name, unescaped.</param>
/// <param name="Value">Accepts the value.</param>
/// <param name="Required">True if the object must have the property.</param>
internal sealed record NamedProperty(string Name, GrammarNode Value, bool Required);
