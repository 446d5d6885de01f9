using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>Properties beyond those named.</summary>
/// <param name="Key">Accepts their names, quotes included.</param>
/// <param name="Value">Accepts their values.</param>
internal sealed record AdditionalProperties(Node Key, Node Value);
