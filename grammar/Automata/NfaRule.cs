using System.Runtime.InteropServices;
using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Automata;

/// <summary>A rule defined by an <see cref="Nfa"/>, which is determinized lazily by subset construction.</summary>
internal sealed class NfaRule : Rule
{
    private readonly Dictionary<int[], RuleState> _states = new(IntArrayComparer.Instance);
    private readonly List<RuleState> _known = [];
    private readonly List<int> _set = [];
    private bool[] _live = [];
    private int[] _marks = [];
    private int _mark;
    private RuleState? _start;

    /// <summary>Creates a rule whose automaton is empty; <see cref="SetBody"/> fills it.</summary>
    public NfaRule(GrammarContext context, string name)
        : this(context, name, registered: true)
    {
    }

    private NfaRule(GrammarContext context, string name, bool registered)
        : base(context, name, registered) => Nfa = new Nfa(context);

    /// <summary>The automaton. It must be complete before <see cref="RuleAnalyzer"/> runs.</summary>
    public Nfa Nfa { get; }

    /// <inheritdoc/>
    public override RuleState Start => _start ??= StateOf([Nfa.Start])
        ?? throw new InvalidOperationException($"The rule {Name} accepts nothing.");

    /// <summary>Creates a rule that no other rule calls. It is analysed and ready to be used in the construction of other rules.</summary>
    /// <param name="context">The constraint's ids and limits.</param>
    /// <param name="node">The grammar of the rule; it must not call rules.</param>
    public static NfaRule CreateStandalone(GrammarContext context, GrammarNode node)
    {
        NfaRule rule = new(context, "part", registered: false);
        rule.SetBody(node);
        rule.UpdateFlags();
        rule.Trim();
        return rule;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<RuleState> KnownStates => _known;

    /// <summary>Defines what the rule accepts.</summary>
    public void SetBody(GrammarNode node) => Nfa.AddEpsilon(node.AppendTo(Nfa, Nfa.Start), Nfa.End);

    /// <inheritdoc/>
    public override bool UpdateFlags()
    {
        bool changed = false;
        if (!Productive && IsEndReachable(static edge => edge.Callee is null || edge.Callee.Productive))
        {
            Productive = changed = true;
        }

        if (!Nullable && IsEndReachable(static edge => edge.IsEpsilon || edge.Callee is { Nullable: true }))
        {
            Nullable = changed = true;
        }

        return changed;
    }

    /// <inheritdoc/>
    public override void Trim()
    {
        var predecessors = new List<int>[Nfa.StateCount];
        for (int state = 0; state < Nfa.StateCount; state++)
        {
            foreach (NfaEdge edge in Nfa.EdgesOf(state))
            {
                if (edge.Callee is null || edge.Callee.Productive)
                {
                    (predecessors[edge.Target] ??= []).Add(state);
                }
            }
        }

        _live = new bool[Nfa.StateCount];
        _marks = new int[Nfa.StateCount];
        _live[Nfa.End] = true;
        var pending = new Stack<int>([Nfa.End]);
        while (pending.TryPop(out int state))
        {
            foreach (int previous in predecessors[state] ?? [])
            {
                if (!_live[previous])
                {
                    _live[previous] = true;
                    pending.Push(previous);
                }
            }
        }
    }

    /// <inheritdoc/>
    public override IEnumerable<Rule> InitialCalls() => Start.Calls.Select(static call => call.Callee);

    /// <inheritdoc/>
    public override RuleState? Step(RuleState state, byte value)
    {
        _set.Clear();
        _mark++;
        int visited = 0;
        foreach (int member in state.NfaStates!)
        {
            foreach (NfaEdge edge in Nfa.EdgesOf(member))
            {
                visited++;
                if (edge.Low <= value && value <= edge.High)
                {
                    Mark(edge.Target);
                }
            }
        }

        Context.SpendDeterminization(visited);
        return CloseSet();
    }

    /// <inheritdoc/>
    public override RuleCall[] CallsOf(RuleState state)
    {
        Dictionary<Rule, List<int>>? targets = null;
        foreach (int member in state.NfaStates!)
        {
            foreach (NfaEdge edge in Nfa.EdgesOf(member))
            {
                if (edge.Callee is { Productive: true } callee && _live[edge.Target])
                {
                    ref List<int>? list = ref CollectionsMarshal.GetValueRefOrAddDefault(targets ??= [], callee, out _);
                    (list ??= []).Add(edge.Target);
                }
            }
        }

        return targets is null ? [] : [.. targets.Select(pair => new RuleCall(pair.Key, StateOf(CollectionsMarshal.AsSpan(pair.Value))!))];
    }

    private RuleState? StateOf(ReadOnlySpan<int> members)
    {
        _set.Clear();
        _mark++;
        foreach (int member in members)
        {
            Mark(member);
        }

        return CloseSet();
    }

    private void Mark(int state)
    {
        if (_marks[state] != _mark && _live[state])
        {
            _marks[state] = _mark;
            _set.Add(state);
        }
    }

    /// <summary>
    /// Computes the epsilon closure of the marked states and returns its deterministic state, or null if the closure is empty. States that
    /// have epsilon edges only are dropped from the set, so that equal sets are found to be equal.
    /// </summary>
    private RuleState? CloseSet()
    {
        bool accepting = false;
        ByteSet readable = default;
        int kept = 0, visited = 0;
        for (int i = 0; i < _set.Count; i++)
        {
            int member = _set[i];
            bool matters = member == Nfa.End;
            accepting |= matters;
            foreach (NfaEdge edge in Nfa.EdgesOf(member))
            {
                visited++;
                if (edge.IsEpsilon || edge.Callee is { Nullable: true })
                {
                    Mark(edge.Target);
                }

                bool reads = edge.ReadsByte && _live[edge.Target];
                if (reads)
                {
                    readable.AddRange(edge.Low, edge.High);
                }

                matters |= reads || edge.Callee is { Productive: true };
            }

            if (matters)
            {
                _set[kept++] = member;
            }
        }

        Context.SpendDeterminization(visited);
        if (kept == 0)
        {
            return null;
        }

        int[] set = [.. CollectionsMarshal.AsSpan(_set)[..kept]];
        Array.Sort(set);
        if (!_states.TryGetValue(set, out RuleState? state))
        {
            Context.CountRuleState();
            state = new RuleState(this, Context.NextId(), set, null, 0, accepting, readable);
            _states.Add(set, state);
            _known.Add(state);
        }

        return state;
    }

    private bool IsEndReachable(Func<NfaEdge, bool> passes)
    {
        var seen = new bool[Nfa.StateCount];
        var pending = new Stack<int>([Nfa.Start]);
        Context.SpendDeterminization(Nfa.StateCount);
        while (pending.TryPop(out int state))
        {
            if (state == Nfa.End)
            {
                return true;
            }

            foreach (NfaEdge edge in Nfa.EdgesOf(state))
            {
                if (!seen[edge.Target] && passes(edge))
                {
                    seen[edge.Target] = true;
                    pending.Push(edge.Target);
                }
            }
        }

        return false;
    }
}
