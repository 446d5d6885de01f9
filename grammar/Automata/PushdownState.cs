namespace HunyuanOrleans.Grammar.Automata;

/// <summary>
/// All ways to read the text so far. Equal states of one <see cref="Pushdown"/> are one object, as long as it remembers them.
/// </summary>
/// <param name="kernel">Configurations right after the last byte, in order, no rule state twice.</param>
internal sealed class PushdownState(Configuration[] kernel)
{
    private ByteMap<PushdownState> _next;

    /// <summary>Configurations right after the last byte.</summary>
    public Configuration[] Kernel => kernel;

    /// <summary>The kernel, and where rules that may end here return to.</summary>
    public Configuration[] Settled { get; set; } = [];

    /// <summary>Configurations that can read a byte, those of rules called here included.</summary>
    public Configuration[] Active { get; set; } = [];

    /// <summary>The text may end here.</summary>
    public bool ReachesBottom { get; set; }

    /// <summary>Some byte can follow.</summary>
    public bool CanContinue => Active.Length > 0;

    /// <summary>What follows a byte, where that is known.</summary>
    public ref ByteMap<PushdownState> Next => ref _next;
}
