namespace HunyuanOrleans.Grammar.Automata;

/// <summary>
/// A nondeterministic finite automaton over bytes. A call edge is traversed by reading a text that another rule accepts. The automaton
/// is built edge by edge and does not change afterwards.
/// </summary>
internal sealed class Nfa
{
    private readonly GrammarContext _context;
    private readonly List<int> _first = [];
    private readonly List<NfaEdge> _edges = [];

    /// <summary>Creates an automaton with a start state, an end state and no edges.</summary>
    public Nfa(GrammarContext context)
    {
        _context = context;
        Start = AddState();
        End = AddState();
    }

    public int Start { get; }

    public int End { get; }

    public int StateCount => _first.Count;

    /// <summary>Adds a state without edges and returns its number.</summary>
    public int AddState()
    {
        _context.CountNfaState();
        _first.Add(-1);
        return _first.Count - 1;
    }

    /// <summary>Adds an edge that reads nothing.</summary>
    public void AddEpsilon(int from, int to) => Add(from, new NfaEdge(to, 1, 0, null, _first[from]));

    /// <summary>Adds an edge that reads one byte of a range, bounds included.</summary>
    public void AddByteRange(int from, byte low, byte high, int to) => Add(from, new NfaEdge(to, low, high, null, _first[from]));

    /// <summary>Adds an edge that reads a text which a rule accepts.</summary>
    public void AddCall(int from, Rule callee, int to) => Add(from, new NfaEdge(to, 1, 0, callee, _first[from]));

    /// <summary>Adds a state and an edge to it that reads one byte of a range, bounds included; returns the new state.</summary>
    public int AddByteRange(int from, byte low, byte high)
    {
        int to = AddState();
        AddByteRange(from, low, high, to);
        return to;
    }

    /// <summary>Enumerates the edges that leave a state.</summary>
    public EdgeList EdgesOf(int state) => new(_edges, _first[state]);

    private void Add(int from, NfaEdge edge)
    {
        _first[from] = _edges.Count;
        _edges.Add(edge);
    }

    /// <summary>Enumerates the edges of a state without allocating.</summary>
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
