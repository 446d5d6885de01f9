namespace HunyuanOrleans.Grammar.Automata;

/// <summary>A call that a state can make.</summary>
/// <param name="Callee">The rule called.</param>
/// <param name="Return">The caller's state afterwards.</param>
internal readonly record struct RuleCall(Rule Callee, RuleState Return);
