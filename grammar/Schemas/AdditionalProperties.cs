using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>The properties of an object beyond its named ones.</summary>
/// <param name="Key">Accepts a property's name, including the quotes.</param>
/// <param name="Value">Accepts a property's value.</param>
internal sealed record AdditionalProperties(GrammarNode Key, GrammarNode Value);
