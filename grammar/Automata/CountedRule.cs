namespace HunyuanOrleans.Grammar.Automata;

/// <summary>
/// Repeats of one element, counted, so that a string of at most 5000 characters needs no automaton 5000 times as large. The element
/// must be a prefix code without calls (one character of a set is): where it ends, it cannot go on. Optionally between an opening
/// and a closing byte; the closing one must not begin an element.
/// </summary>
internal sealed class CountedRule : Rule
{
    /// <summary>Counts that stand for being before the opening and behind the closing byte.</summary>
    private const int Before = -1, Behind = -2;

    /// <summary>States kept; a long string passes through more, and needs each only once.</summary>
    private const int MaxKept = 16_384;

    /// <summary>Most states worth preparing: those that others are modelled on.</summary>
    private const int MaxKnown = 256;

    private readonly Dictionary<(int Count, int Inner), RuleState> _states = [];
    private readonly List<RuleState> _known = [];
    private readonly Rule _element;
    private readonly int _min;
    private readonly int? _max;
    private readonly byte? _open;
    private readonly byte? _close;
    private RuleState? _start;

    /// <summary>Creates one.</summary>
    /// <param name="scope">The constraint's bounds and ids.</param>
    /// <param name="name">What errors call it.</param>
    /// <param name="element">What is repeated: a plain rule.</param>
    /// <param name="min">Fewest repeats.</param>
    /// <param name="max">Most repeats; null for any number.</param>
    /// <param name="open">The opening byte.</param>
    /// <param name="close">The closing byte.</param>
    /// <param name="listed">True for a rule that others call.</param>
    public CountedRule(
        AutomatonScope scope, string name, NfaRule element, int min, int? max, byte? open = null, byte? close = null, bool listed = true)
        : base(scope, name, listed)
    {
        (_element, _min, _max, _open, _close) = (element, min, max, open, close);
        Nullable = open is null && close is null && min == 0;
        Productive = min == 0 || element.Productive;
    }

    /// <inheritdoc/>
    public override RuleState Start => _start ??= _open is null ? Boundary(0) : State(Before, null);

    /// <inheritdoc/>
    public override bool RemembersSteps => false;

    /// <inheritdoc/>
    public override IReadOnlyList<RuleState> Known => _known;

    /// <inheritdoc/>
    public override RuleState? Step(RuleState state, byte value)
    {
        switch (state.Count)
        {
            case Before:
                return value == _open ? Boundary(0) : null;
            case Behind:
                return null;
        }

        RuleState? inner = state.Inner;
        if (inner is null)
        {
            if (value == _close && state.Count >= _min)
            {
                return State(Behind, null);
            }

            if (state.Count == _max || !_element.Productive)
            {
                return null;
            }

            inner = _element.Start;
        }

        return inner.Step(value) switch
        {
            null => null,
            { Accepting: true } => Boundary(state.Count + 1),
            RuleState next => State(state.Count, next),
        };
    }

    /// <inheritdoc/>
    public override RuleState ModelOf(RuleState state, out int horizon)
    {
        // No count runs further than bytes are read, so a bound makes no difference before it can be reached.
        int count = state.Count;
        horizon = int.MaxValue;
        if (count < 0 || count == 0 || count == _min)
        {
            return state;
        }

        horizon = count < _min ? _min - count - 1 : (_max - count) ?? int.MaxValue;
        return State(count < _min ? 0 : _min, state.Inner);
    }

    private RuleState Boundary(int count) => State(_max is null ? Math.Min(count, _min) : count, null);

    private RuleState State(int count, RuleState? inner)
    {
        (int, int) key = (count, inner?.Id ?? 0);
        if (_states.TryGetValue(key, out RuleState? state))
        {
            return state;
        }

        if (_states.Count >= MaxKept)
        {
            _states.Clear();
        }

        bool accepting = count == Behind || (_close is null && inner is null && count >= _min);
        bool readsBytes = count != Behind
            && (count == Before || inner is not null || (_close is not null && count >= _min) || (count != _max && _element.Productive));
        state = new RuleState(this, Scope.NextId(), null, inner, count, accepting, readsBytes);
        _states.Add(key, state);
        if ((count <= 0 || count == _min) && _known.Count < MaxKnown)
        {
            _known.Add(state);
        }

        return state;
    }
}
