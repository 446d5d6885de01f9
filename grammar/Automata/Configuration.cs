namespace HunyuanOrleans.Grammar.Automata;

/// <summary>One way to read the text so far: the state of the rule at work and who waits for it.</summary>
/// <param name="State">The state.</param>
/// <param name="Stack">Its callers.</param>
internal readonly record struct Configuration(RuleState State, FrameStack Stack);
