using System.Numerics;
using System.Runtime.InteropServices;
using HunyuanOrleans.Grammar.Automata;

namespace HunyuanOrleans.Grammar.Masks;

/// <summary>
/// Computes the mask of tokens that may come next. The tokens that a rule state allows regardless of its callers are found once, by a
/// walk over the token trie, and cached as a <see cref="PartialMask"/>. At a new nesting depth only cached partial masks are combined.
/// Not thread-safe.
/// </summary>
internal sealed class MaskComposer
{
    /// <summary>Maximum size of all cached partial masks in bytes. The cache is cleared when it grows larger.</summary>
    private const long MaxCachedBytes = 16L << 20;

    private readonly GrammarContext _context;
    private readonly TokenTrie _trie;

    /// <summary>Runs rule states without their callers.</summary>
    private readonly PushdownAutomaton _isolated;

    private readonly ulong[] _tokens;
    private readonly PushdownState[] _path;
    private readonly List<int> _exits = [];
    private readonly List<RuleState> _group = [];
    private TrieNodeSet _root = new([0]);
    private long _cachedBytes;

    /// <summary>Creates a composer with an empty cache.</summary>
    /// <param name="context">The constraint's ids and limits.</param>
    /// <param name="trie">The tokens of the vocabulary.</param>
    /// <param name="maskWords">Length of a mask in 64-bit words.</param>
    public MaskComposer(GrammarContext context, TokenTrie trie, int maskWords)
    {
        _context = context;
        _trie = trie;
        _isolated = new PushdownAutomaton(context, singleToken: true);
        _tokens = new ulong[maskWords];
        _path = new PushdownState[trie.MaxTokenLength + 1];
    }

    /// <summary>Estimated memory use of the cached partial masks in bytes.</summary>
    public long EstimatedBytes => _cachedBytes + _isolated.EstimatedBytes;

    /// <summary>Fills a mask with the tokens that may follow a state, without the end-of-text tokens.</summary>
    /// <param name="state">The current state.</param>
    /// <param name="mask">Receives the mask: token id is bit id % 64 of word id / 64.</param>
    public void Compose(PushdownState state, Span<ulong> mask)
    {
        if (_cachedBytes > MaxCachedBytes || _isolated.IsCacheFull)
        {
            _root = new TrieNodeSet([0]);
            _isolated.ClearCache();
            _cachedBytes = 0;
        }

        mask.Clear();
        ReadOnlySpan<Configuration> configurations = state.AfterReturns;
        for (int i = 0; i < configurations.Length; i++)
        {
            if (!ContainsStack(configurations[..i], configurations[i].Stack))
            {
                Add(_root, GroupOf(configurations[i..]), configurations[i].Stack, mask);
            }
        }
    }

    /// <summary>
    /// Computes partial masks in advance, for all known rule states and those found on the way, until none is left, or the work limit or
    /// half of one of the constraint's limits is reached.
    /// </summary>
    /// <param name="maxWork">Approximate number of trie nodes and edges of automata to visit.</param>
    public void Precompute(long maxWork)
    {
        long work = 0;
        var done = new Dictionary<Rule, int>();
        bool progress = true;
        while (progress)
        {
            progress = false;
            foreach (Rule rule in _context.Rules)
            {
                IReadOnlyList<RuleState> known = rule.KnownStates;
                for (int i = done.GetValueOrDefault(rule); i < known.Count; i++)
                {
                    if (work > maxWork || _context.IsHalfSpent)
                    {
                        return;
                    }

                    long before = _context.DeterminizationWork;
                    _context.BeginStep();
                    PartialMaskOf(_root, _isolated.StartAt(known[i].TokenEquivalent));
                    work += _context.StepWork + _context.DeterminizationWork - before;
                    done[rule] = i + 1;
                    progress = true;
                }
            }
        }
    }

    /// <summary>Adds the tokens that continue from trie nodes in a state, then those of its callers from the exits.</summary>
    private void Add(TrieNodeSet nodes, PushdownState state, FrameStack stack, Span<ulong> mask)
    {
        _context.SpendStep(1);
        PartialMask part = PartialMaskOf(nodes, state);
        part.AddTo(mask);
        if (part.Exits is { } exits)
        {
            foreach (Frame frame in stack.Frames)
            {
                Add(exits, _isolated.StartAt(frame.Return.TokenEquivalent), frame.Parent, mask);
            }
        }
    }

    private static bool ContainsStack(ReadOnlySpan<Configuration> configurations, FrameStack stack)
    {
        foreach (Configuration configuration in configurations)
        {
            if (configuration.Stack == stack)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Returns the state that combines all configurations which have the same stack as the first one.</summary>
    private PushdownState GroupOf(ReadOnlySpan<Configuration> configurations)
    {
        _group.Clear();
        foreach (Configuration configuration in configurations)
        {
            RuleState state = configuration.State.TokenEquivalent;
            if (configuration.Stack == configurations[0].Stack && !_group.Contains(state))
            {
                _group.Add(state);
            }
        }

        if (_group.Count == 1)
        {
            return _isolated.StartAt(_group[0]);
        }

        _context.SpendStep(_group.Count * _group.Count);
        _group.Sort(static (a, b) => a.Id.CompareTo(b.Id));
        return _isolated.StartAt(CollectionsMarshal.AsSpan(_group));
    }

    private PartialMask PartialMaskOf(TrieNodeSet nodes, PushdownState state)
    {
        if (!nodes.Masks.TryGetValue(state, out PartialMask? part))
        {
            part = ComputePartialMask(nodes, state);
            nodes.Masks.Add(state, part);
            _cachedBytes += part.EstimatedBytes;
        }

        return part;
    }

    private PartialMask ComputePartialMask(TrieNodeSet nodes, PushdownState state)
    {
        if (nodes.IsRoot && state.Kernel is [{ State: { Horizon: < int.MaxValue } single }])
        {
            return ComputeFromRepresentative(state, single);
        }

        Array.Clear(_tokens);
        _exits.Clear();
        foreach (int node in nodes.Nodes)
        {
            // At the root, the callers of a state that may end are configurations of their own, so no exit is needed for them.
            if (state.CanEnd && !nodes.IsRoot)
            {
                _exits.Add(node);
            }

            Walk(node, state, minDepth: 0);
        }

        return CreatePartialMask();
    }

    /// <summary>Copies the tokens up to the horizon from the representative's partial mask and searches only for the longer ones.</summary>
    private PartialMask ComputeFromRepresentative(PushdownState state, RuleState single)
    {
        int horizon = Math.Min(single.Horizon, _trie.MaxBoundedLength);
        PartialMask representative = PartialMaskOf(_root, _isolated.StartAt(single.Representative));
        Array.Clear(_tokens);
        _exits.Clear();
        representative.AddTo(_tokens);
        ReadOnlySpan<ulong> shortTokens = _trie.TokensUpTo(horizon);
        for (int i = 0; i < _tokens.Length; i++)
        {
            _tokens[i] &= shortTokens[i];
        }

        foreach (int node in representative.Exits is { } exits ? exits.Nodes : [])
        {
            if (_trie.Depths[node] <= horizon)
            {
                _exits.Add(node);
            }
        }

        Walk(0, state, horizon);
        return CreatePartialMask();
    }

    private PartialMask CreatePartialMask()
    {
        int count = 0;
        foreach (ulong word in _tokens)
        {
            count += BitOperations.PopCount(word);
        }

        return new PartialMask(_tokens, count, _exits.Count == 0 ? null : new TrieNodeSet([.. _exits]));
    }

    /// <summary>Walks the trie below a node and collects the allowed tokens and the exits.</summary>
    /// <param name="root">The trie node to start at.</param>
    /// <param name="state">The state at that node.</param>
    /// <param name="minDepth">Tokens and exits of at most this many bytes are skipped, because they are known already.</param>
    private void Walk(int root, PushdownState state, int minDepth)
    {
        ReadOnlySpan<byte> bytes = _trie.Bytes;
        ReadOnlySpan<ushort> depths = _trie.Depths;
        ReadOnlySpan<int> ends = _trie.SubtreeEnds;
        PushdownState[] path = _path;
        PushdownAutomaton isolated = _isolated;
        PushdownState dead = isolated.Dead;
        path[depths[root]] = state;
        ReadOnlySpan<ushort> maxDepths = _trie.MaxDepths;
        int visited = 0;
        int end = ends[root];
        for (int node = root + 1; node < end;)
        {
            if (maxDepths[node] <= minDepth)
            {
                node = ends[node];
                continue;
            }

            visited++;
            PushdownState next = isolated.Step(path[depths[node] - 1], bytes[node]);
            if (next == dead)
            {
                node = ends[node];
                continue;
            }

            if (depths[node] > minDepth)
            {
                foreach (int id in _trie.TokensAt(node))
                {
                    _tokens[id / 64] |= 1UL << (id % 64);
                }

                if (next.CanEnd && ends[node] > node + 1)
                {
                    _exits.Add(node);
                }
            }

            if (!next.CanContinue)
            {
                node = ends[node];
                continue;
            }

            path[depths[node]] = next;
            node++;
        }

        _context.SpendStep(visited);
    }
}
