namespace HunyuanOrleans.Grammar.Automata;

/// <summary>
/// A rule that accepts a bounded number of repeats of one element, optionally between an opening and a closing byte. It counts, so that
/// a string of at most 5000 characters does not need an automaton 5000 times as large. The element must be a prefix code without calls,
/// such as one character of a set: once it is complete, it cannot continue. The closing byte must not begin an element.
/// </summary>
internal sealed class CountedRule : Rule
{
    /// <summary>Special counts: the opening byte has not been read yet, the closing byte has been read.</summary>
    private const int BeforeOpening = -1, AfterClosing = -2;

    /// <summary>Maximum number of cached states. A long string passes through more, but needs each of them only once.</summary>
    private const int MaxCached = 16_384;

    /// <summary>Maximum number of states listed in <see cref="KnownStates"/>: those that represent others.</summary>
    private const int MaxKnown = 256;

    private readonly Dictionary<(int Count, int Inner), RuleState> _states = [];
    private readonly List<RuleState> _known = [];
    private readonly Rule _element;
    private readonly int _min;
    private readonly int? _max;
    private readonly byte? _open;
    private readonly byte? _close;
    private RuleState? _start;

    /// <summary>Initializes the rule.</summary>
    /// <param name="context">The constraint's ids and limits.</param>
    /// <param name="name">Name of the rule in errors.</param>
    /// <param name="element">The element, made by <see cref="NfaRule.CreateStandalone"/>.</param>
    /// <param name="min">Minimum number of repeats, at least 0.</param>
    /// <param name="max">Maximum number of repeats; null for no limit.</param>
    /// <param name="open">The opening byte, if any.</param>
    /// <param name="close">The closing byte, if any.</param>
    /// <param name="registered">True if other rules call this rule; see <see cref="Rule"/>.</param>
    public CountedRule(
        GrammarContext context, string name, NfaRule element, int min, int? max, byte? open = null, byte? close = null, bool registered = true)
        : base(context, name, registered)
    {
        (_element, _min, _max, _open, _close) = (element, min, max, open, close);
        Nullable = open is null && close is null && min == 0;
        Productive = min == 0 || element.Productive;
    }

    /// <inheritdoc/>
    public override RuleState Start => _start ??= _open is null ? BetweenElements(0) : StateOf(BeforeOpening, null);

    /// <inheritdoc/>
    public override bool CachesSteps => false;

    /// <inheritdoc/>
    public override IReadOnlyList<RuleState> KnownStates => _known;

    /// <inheritdoc/>
    public override RuleState? Step(RuleState state, byte value)
    {
        switch (state.ElementCount)
        {
            case BeforeOpening:
                return value == _open ? BetweenElements(0) : null;
            case AfterClosing:
                return null;
        }

        RuleState? inner = state.ElementState;
        if (inner is null)
        {
            if (value == _close && state.ElementCount >= _min)
            {
                return StateOf(AfterClosing, null);
            }

            if (state.ElementCount == _max || !_element.Productive)
            {
                return null;
            }

            inner = _element.Start;
        }

        return inner.Step(value) switch
        {
            null => null,
            { Accepting: true } => BetweenElements(state.ElementCount + 1),
            RuleState next => StateOf(state.ElementCount, next),
        };
    }

    /// <inheritdoc/>
    public override RuleState RepresentativeOf(RuleState state, out int horizon)
    {
        // Each repeat reads at least one byte, so a bound that is n repeats away makes no difference within the next n bytes.
        int count = state.ElementCount;
        horizon = int.MaxValue;
        if (count < 0 || count == 0 || count == _min)
        {
            return state;
        }

        horizon = count < _min ? _min - count - 1 : (_max - count) ?? int.MaxValue;
        return StateOf(count < _min ? 0 : _min, state.ElementState);
    }

    private RuleState BetweenElements(int count) => StateOf(_max is null ? Math.Min(count, _min) : count, null);

    private RuleState StateOf(int count, RuleState? inner)
    {
        (int, int) key = (count, inner?.Id ?? 0);
        if (_states.TryGetValue(key, out RuleState? state))
        {
            return state;
        }

        if (_states.Count >= MaxCached)
        {
            _states.Clear();
        }

        bool accepting = count == AfterClosing || (_close is null && inner is null && count >= _min);
        bool readsBytes = count != AfterClosing
            && (count == BeforeOpening || inner is not null || (_close is not null && count >= _min) || (count != _max && _element.Productive));
        state = new RuleState(this, Context.NextId(), null, inner, count, accepting, readsBytes ? ByteSet.All : default);
        _states.Add(key, state);
        if ((count <= 0 || count == _min) && _known.Count < MaxKnown)
        {
            _known.Add(state);
        }

        return state;
    }
}
