namespace HunyuanOrleans.Grammar.Automata;

/// <summary>
/// A nondeterministic automaton over bytes that may also call rules: a call is passed by reading what the rule accepts. Built edge
/// by edge, then only read.
/// </summary>
internal sealed class Nfa
{
    private readonly AutomatonScope _scope;
    private readonly List<int> _first = [];
    private readonly List<NfaEdge> _edges = [];

    /// <summary>Creates one with a start and an end and nothing between.</summary>
    public Nfa(AutomatonScope scope)
    {
        _scope = scope;
        Start = Add();
        End = Add();
    }

    public int Start { get; }

    public int End { get; }

    public int Count => _first.Count;

    /// <summary>Adds a state without edges.</summary>
    public int Add()
    {
        _scope.CountNfaState();
        _first.Add(-1);
        return _first.Count - 1;
    }

    /// <summary>An edge that reads nothing.</summary>
    public void Skip(int from, int to) => Add(from, new NfaEdge(to, 1, 0, null, _first[from]));

    /// <summary>An edge that reads one byte of a range.</summary>
    public void Read(int from, byte low, byte high, int to) => Add(from, new NfaEdge(to, low, high, null, _first[from]));

    /// <summary>An edge that reads what a rule accepts.</summary>
    public void Call(int from, Rule callee, int to) => Add(from, new NfaEdge(to, 1, 0, callee, _first[from]));

    /// <summary>A new state after one byte of a range.</summary>
    public int Read(int from, byte low, byte high)
    {
        int to = Add();
        Read(from, low, high, to);
        return to;
    }

    /// <summary>The edges that leave a state.</summary>
    public EdgeList EdgesOf(int state) => new(_edges, _first[state]);

    private void Add(int from, NfaEdge edge)
    {
        _first[from] = _edges.Count;
        _edges.Add(edge);
    }

    /// <summary>Walks the edges of a state without allocating.</summary>
    public struct EdgeList(List<NfaEdge> edges, int first)
    {
        private int _next = first;

        public NfaEdge Current { get; private set; }

        public readonly EdgeList GetEnumerator() => this;

        public bool MoveNext()
        {
            if (_next < 0)
            {
                return false;
            }

            Current = edges[_next];
            _next = Current.Next;
            return true;
        }
    }
}
