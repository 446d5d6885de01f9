namespace HunyuanOrleans.Grammar.Automata;

/// <summary>A configuration of the pushdown automaton: one way to parse the text so far.</summary>
/// <param name="State">The state within the current rule.</param>
/// <param name="Stack">The callers that the current rule returns to.</param>
internal readonly record struct Configuration(RuleState State, FrameStack Stack);
