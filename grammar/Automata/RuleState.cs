namespace HunyuanOrleans.Grammar.Automata;

/// <summary>A deterministic state of a <see cref="Rule"/>. Only its rule interprets what the state consists of.</summary>
internal sealed class RuleState
{
    private ByteMap<RuleState> _next;
    private RuleCall[]? _calls;
    private RuleState? _representative;
    private int _horizon;

    public RuleState(Rule rule, int id, int[]? nfaStates, RuleState? elementState, int elementCount, bool accepting, ByteSet readable)
    {
        Rule = rule;
        Id = id;
        NfaStates = nfaStates;
        ElementState = elementState;
        ElementCount = elementCount;
        Accepting = accepting;
        Readable = readable;
        ReadsBytes = !readable.IsEmpty;
    }

    public Rule Rule { get; }

    /// <summary>Id that orders states, unique within a constraint.</summary>
    public int Id { get; }

    /// <summary>For an <see cref="NfaRule"/>: the set of states of its <see cref="Nfa"/>, in order.</summary>
    public int[]? NfaStates { get; }

    /// <summary>For a <see cref="CountedRule"/>: the state within the current element, or null between elements.</summary>
    public RuleState? ElementState { get; }

    /// <summary>For a <see cref="CountedRule"/>: the number of complete elements read.</summary>
    public int ElementCount { get; }

    /// <summary>True if the rule may end in this state.</summary>
    public bool Accepting { get; }

    /// <summary>The bytes that the rule can read in this state without a call, perhaps with others that it cannot.</summary>
    public ByteSet Readable { get; }

    /// <summary>True if the rule can read a byte in this state without a call.</summary>
    public bool ReadsBytes { get; }

    /// <summary>The calls that can be made in this state.</summary>
    public RuleCall[] Calls => _calls ??= Rule.CallsOf(this);

    /// <summary>True if the rule ends in this state and cannot continue.</summary>
    public bool IsEnd => Accepting && !ReadsBytes && Calls.Length == 0;

    /// <summary>See <see cref="Rule.RepresentativeOf"/>.</summary>
    public RuleState Representative => _representative ??= Rule.RepresentativeOf(this, out _horizon);

    /// <summary>Length in bytes up to which this state behaves like its <see cref="Representative"/>.</summary>
    public int Horizon => Representative == this ? int.MaxValue : _horizon;

    /// <summary>
    /// A state that behaves like this one for any single token: the representative if every token is short enough, otherwise this state.
    /// </summary>
    public RuleState TokenEquivalent => Horizon >= Rule.MaxTokenLength ? Representative : this;

    /// <summary>Returns the state after one more byte, or null if the byte is not allowed.</summary>
    public RuleState? Step(byte value)
    {
        if (!Rule.CachesSteps)
        {
            return Rule.Step(this, value);
        }

        RuleState? next = _next.Get(value);
        if (next is null && Readable.Contains(value) && (next = Rule.Step(this, value)) is not null)
        {
            _next.Add(value, next);
        }

        return next;
    }
}
