namespace HunyuanOrleans.Grammar.Automata;

/// <summary>A call of a rule that can be made in a state.</summary>
/// <param name="Callee">The called rule.</param>
/// <param name="Return">The caller's state after the call.</param>
internal readonly record struct RuleCall(Rule Callee, RuleState Return);
