namespace HunyuanOrleans.Grammar.Automata;

/// <summary>
/// All ways to parse the text so far. Equal states of one <see cref="PushdownAutomaton"/> are the same object while they are cached.
/// </summary>
/// <param name="kernel">Configurations right after the last byte, ordered by rule state, no rule state twice.</param>
internal sealed class PushdownState(Configuration[] kernel)
{
    private ByteMap<PushdownState> _next;

    /// <summary>Configurations right after the last byte.</summary>
    public Configuration[] Kernel => kernel;

    /// <summary>The kernel, and the callers' configurations that are reached if the current rule ends here.</summary>
    public Configuration[] AfterReturns { get; set; } = [];

    /// <summary>Configurations that can read a byte, including those in rules called from here.</summary>
    public Configuration[] Active { get; set; } = [];

    /// <summary>True if the text may end here.</summary>
    public bool CanEnd { get; set; }

    /// <summary>True if at least one byte can follow.</summary>
    public bool CanContinue => Active.Length > 0;

    /// <summary>Cache of the states after each byte.</summary>
    public ref ByteMap<PushdownState> Next => ref _next;
}
