namespace HunyuanOrleans.Grammar.Automata;

/// <summary>A deterministic state of a <see cref="Rule"/>. What it stands for is its rule's business.</summary>
internal sealed class RuleState
{
    private static readonly RuleState Dead = new(null!, -1, null, null, 0, false, false);

    private ByteMap<RuleState> _next;
    private RuleCall[]? _calls;
    private RuleState? _model;
    private int _horizon;

    public RuleState(Rule rule, int id, int[]? set, RuleState? inner, int count, bool accepting, bool readsBytes)
    {
        Rule = rule;
        Id = id;
        Set = set;
        Inner = inner;
        Count = count;
        Accepting = accepting;
        ReadsBytes = readsBytes;
    }

    public Rule Rule { get; }

    /// <summary>Orders states; unique within a constraint.</summary>
    public int Id { get; }

    /// <summary>The states of an <see cref="Nfa"/> it stands for.</summary>
    public int[]? Set { get; }

    /// <summary>The state within the element that a <see cref="CountedRule"/> repeats.</summary>
    public RuleState? Inner { get; }

    /// <summary>Elements that a <see cref="CountedRule"/> has read.</summary>
    public int Count { get; }

    /// <summary>The rule may end here.</summary>
    public bool Accepting { get; }

    /// <summary>Some byte can follow.</summary>
    public bool ReadsBytes { get; }

    /// <summary>The calls that can be made here.</summary>
    public RuleCall[] Calls => _calls ??= Rule.CallsOf(this);

    /// <summary>The rule ends here and cannot do anything else.</summary>
    public bool IsEnd => Accepting && !ReadsBytes && Calls.Length == 0;

    /// <summary>See <see cref="Rule.ModelOf"/>.</summary>
    public RuleState Model => _model ??= Rule.ModelOf(this, out _horizon);

    /// <summary>Up to so many bytes it is like its <see cref="Model"/>.</summary>
    public int Horizon => Model == this ? int.MaxValue : _horizon;

    /// <summary>What it may be taken for as long as no more than a token is read: its model, where a token is too short to see the difference.</summary>
    public RuleState InToken => Horizon >= Rule.LongestToken ? Model : this;

    /// <summary>The state after one more byte, or null.</summary>
    public RuleState? Step(byte value)
    {
        if (!Rule.RemembersSteps)
        {
            return Rule.Step(this, value);
        }

        RuleState? next = _next.Get(value);
        if (next is null)
        {
            next = Rule.Step(this, value) ?? Dead;
            _next.Add(value, next);
        }

        return next == Dead ? null : next;
    }
}
