using System.Runtime.InteropServices;
using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Automata;

/// <summary>A rule given by an <see cref="Nfa"/>, made deterministic set by set as it is used.</summary>
internal sealed class NfaRule : Rule
{
    private readonly Dictionary<int[], RuleState> _states = new(IntSetComparer.Instance);
    private readonly List<RuleState> _known = [];
    private readonly List<int> _set = [];
    private bool[] _alive = [];
    private int[] _marks = [];
    private int _mark;
    private RuleState? _start;

    /// <summary>Creates one whose automaton is still empty.</summary>
    public NfaRule(AutomatonScope scope, string name)
        : this(scope, name, listed: true)
    {
    }

    private NfaRule(AutomatonScope scope, string name, bool listed)
        : base(scope, name, listed) => Nfa = new Nfa(scope);

    /// <summary>Its automaton; filled before <see cref="RuleCheck"/> looks at it.</summary>
    public Nfa Nfa { get; }

    /// <inheritdoc/>
    public override RuleState Start => _start ??= StateOf([Nfa.Start])
        ?? throw new InvalidOperationException($"The rule {Name} accepts nothing.");

    /// <summary>A rule that nobody calls, ready for use in making others.</summary>
    /// <param name="scope">The constraint's bounds and ids.</param>
    /// <param name="node">What it accepts; without calls.</param>
    public static NfaRule Plain(AutomatonScope scope, Node node)
    {
        NfaRule rule = new(scope, "part", listed: false);
        node.Fill(rule);
        rule.Learn();
        rule.Trim();
        return rule;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<RuleState> Known => _known;

    /// <inheritdoc/>
    public override bool Learn()
    {
        bool news = false;
        if (!Productive && Reaches(static edge => edge.Callee is null || edge.Callee.Productive))
        {
            Productive = news = true;
        }

        if (!Nullable && Reaches(static edge => edge.ReadsNothing || edge.Callee is { Nullable: true }))
        {
            Nullable = news = true;
        }

        return news;
    }

    /// <inheritdoc/>
    public override void Trim()
    {
        var before = new List<int>[Nfa.Count];
        for (int state = 0; state < Nfa.Count; state++)
        {
            foreach (NfaEdge edge in Nfa.EdgesOf(state))
            {
                if (edge.Callee is null || edge.Callee.Productive)
                {
                    (before[edge.Target] ??= []).Add(state);
                }
            }
        }

        _alive = new bool[Nfa.Count];
        _marks = new int[Nfa.Count];
        _alive[Nfa.End] = true;
        var open = new Stack<int>([Nfa.End]);
        while (open.TryPop(out int state))
        {
            foreach (int previous in before[state] ?? [])
            {
                if (!_alive[previous])
                {
                    _alive[previous] = true;
                    open.Push(previous);
                }
            }
        }
    }

    /// <inheritdoc/>
    public override IEnumerable<Rule> FirstCalls() => Start.Calls.Select(static call => call.Callee);

    /// <inheritdoc/>
    public override RuleState? Step(RuleState state, byte value)
    {
        _set.Clear();
        _mark++;
        int visited = 0;
        foreach (int member in state.Set!)
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

        Scope.SpendDeterminising(visited);
        return Close();
    }

    /// <inheritdoc/>
    public override RuleCall[] CallsOf(RuleState state)
    {
        Dictionary<Rule, List<int>>? targets = null;
        foreach (int member in state.Set!)
        {
            foreach (NfaEdge edge in Nfa.EdgesOf(member))
            {
                if (edge.Callee is { Productive: true } callee && _alive[edge.Target])
                {
                    ref List<int>? of = ref CollectionsMarshal.GetValueRefOrAddDefault(targets ??= [], callee, out _);
                    (of ??= []).Add(edge.Target);
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

        return Close();
    }

    private void Mark(int state)
    {
        if (_marks[state] != _mark && _alive[state])
        {
            _marks[state] = _mark;
            _set.Add(state);
        }
    }

    /// <summary>Adds what the marked states reach without reading, keeps those that do something, and finds the state they are.</summary>
    private RuleState? Close()
    {
        bool accepting = false, readsBytes = false;
        int kept = 0, visited = 0;
        for (int i = 0; i < _set.Count; i++)
        {
            int member = _set[i];
            bool matters = member == Nfa.End;
            accepting |= matters;
            foreach (NfaEdge edge in Nfa.EdgesOf(member))
            {
                visited++;
                if (edge.ReadsNothing || edge.Callee is { Nullable: true })
                {
                    Mark(edge.Target);
                }

                bool reads = edge.ReadsByte && _alive[edge.Target];
                readsBytes |= reads;
                matters |= reads || edge.Callee is { Productive: true };
            }

            if (matters)
            {
                _set[kept++] = member;
            }
        }

        Scope.SpendDeterminising(visited);
        if (kept == 0)
        {
            return null;
        }

        int[] set = [.. CollectionsMarshal.AsSpan(_set)[..kept]];
        Array.Sort(set);
        if (!_states.TryGetValue(set, out RuleState? state))
        {
            Scope.CountRuleState();
            state = new RuleState(this, Scope.NextId(), set, null, 0, accepting, readsBytes);
            _states.Add(set, state);
            _known.Add(state);
        }

        return state;
    }

    private bool Reaches(Func<NfaEdge, bool> passes)
    {
        var seen = new bool[Nfa.Count];
        var open = new Stack<int>([Nfa.Start]);
        Scope.SpendDeterminising(Nfa.Count);
        while (open.TryPop(out int state))
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
                    open.Push(edge.Target);
                }
            }
        }

        return false;
    }
}
