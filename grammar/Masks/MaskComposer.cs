using System.Numerics;
using HunyuanOrleans.Grammar.Automata;

namespace HunyuanOrleans.Grammar.Masks;

/// <summary>
/// Finds the tokens that may follow. What a state allows by itself is found once, by a walk over the token tree that assumes nothing
/// of its callers; so a new depth of nesting costs nothing but putting known parts together. Not thread-safe.
/// </summary>
internal sealed class MaskComposer
{
    /// <summary>Bytes of partial masks kept; beyond, they are found anew.</summary>
    private const long MaxKept = 16L << 20;

    private readonly AutomatonScope _scope;
    private readonly TokenTrie _trie;
    private readonly Pushdown _alone;
    private readonly ulong[] _found;
    private readonly PushdownState[] _path;
    private readonly List<int> _exits = [];
    private readonly List<RuleState> _group = [];
    private NodeSet _root = new([0]);
    private long _kept;

    /// <summary>Creates one without any known part.</summary>
    /// <param name="scope">The constraint's bounds.</param>
    /// <param name="trie">The vocabulary.</param>
    /// <param name="words">Length of a mask.</param>
    public MaskComposer(AutomatonScope scope, TokenTrie trie, int words)
    {
        _scope = scope;
        _trie = trie;
        _alone = new Pushdown(scope, inToken: true);
        _found = new ulong[words];
        _path = new PushdownState[trie.LongestToken + 1];
    }

    /// <summary>What the parts hold in memory, in bytes, about.</summary>
    public long Size => _kept + _alone.Size;

    /// <summary>Fills a mask with the tokens that may follow a state; tokens that end the text are not among them.</summary>
    public void Compose(PushdownState state, Span<ulong> mask)
    {
        if (_kept > MaxKept || _alone.IsFull)
        {
            _root = new NodeSet([0]);
            _alone.Forget();
            _kept = 0;
        }

        mask.Clear();
        ReadOnlySpan<Configuration> settled = state.Settled;
        for (int i = 0; i < settled.Length; i++)
        {
            if (!StackSeen(settled[..i], settled[i].Stack))
            {
                Add(_root, GroupOf(settled[i..]), settled[i].Stack, mask);
            }
        }
    }

    /// <summary>
    /// Finds parts ahead of their use, of every rule state known and of those met on the way, until none is left or the work has
    /// reached its bound.
    /// </summary>
    /// <param name="maxWork">About the number of nodes of the token tree to visit.</param>
    public void Prepare(long maxWork)
    {
        long work = 0;
        var done = new Dictionary<Rule, int>();
        bool news = true;
        while (news)
        {
            news = false;
            foreach (Rule rule in _scope.Rules)
            {
                IReadOnlyList<RuleState> known = rule.Known;
                for (int i = done.GetValueOrDefault(rule); i < known.Count; i++)
                {
                    if (work > maxWork)
                    {
                        return;
                    }

                    _scope.BeginStep();
                    PartOf(_root, _alone.Alone(known[i].InToken));
                    work += _scope.StepWork;
                    done[rule] = i + 1;
                    news = true;
                }
            }
        }
    }

    private void Add(NodeSet places, PushdownState state, FrameStack stack, Span<ulong> mask)
    {
        _scope.SpendStep(1);
        PartialMask part = PartOf(places, state);
        part.AddTo(mask);
        if (part.Exits is { } exits)
        {
            foreach (Frame frame in stack.Frames)
            {
                Add(exits, _alone.Alone(frame.Return.InToken), frame.Parent, mask);
            }
        }
    }

    private static bool StackSeen(ReadOnlySpan<Configuration> before, FrameStack stack)
    {
        foreach (Configuration configuration in before)
        {
            if (configuration.Stack == stack)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The states that wait for the same callers as the first, as one.</summary>
    private PushdownState GroupOf(ReadOnlySpan<Configuration> settled)
    {
        _group.Clear();
        foreach (Configuration configuration in settled)
        {
            RuleState state = configuration.State.InToken;
            if (configuration.Stack == settled[0].Stack && !_group.Contains(state))
            {
                _group.Add(state);
            }
        }

        if (_group.Count == 1)
        {
            return _alone.Alone(_group[0]);
        }

        _scope.SpendStep(_group.Count * _group.Count);
        _group.Sort(static (a, b) => a.Id.CompareTo(b.Id));
        return _alone.Alone(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_group));
    }

    private PartialMask PartOf(NodeSet places, PushdownState state)
    {
        if (!places.Masks.TryGetValue(state, out PartialMask? part))
        {
            part = Find(places, state);
            places.Masks.Add(state, part);
            _kept += part.Size;
        }

        return part;
    }

    private PartialMask Find(NodeSet places, PushdownState state)
    {
        if (places.IsRoot && state.Kernel is [{ State: { Horizon: < int.MaxValue } single }])
        {
            return FindByModel(state, single);
        }

        Array.Clear(_found);
        _exits.Clear();
        foreach (int place in places.Nodes)
        {
            // At the beginning of all tokens the callers of a state that may end are asked on their own.
            if (state.ReachesBottom && !places.IsRoot)
            {
                _exits.Add(place);
            }

            Walk(place, state, beyond: 0);
        }

        return Part();
    }

    /// <summary>Takes the short tokens from the part of a state that reads them alike, and looks for the long ones alone.</summary>
    private PartialMask FindByModel(PushdownState state, RuleState single)
    {
        int horizon = Math.Min(single.Horizon, _trie.LongestBound);
        PartialMask model = PartOf(_root, _alone.Alone(single.Model));
        Array.Clear(_found);
        _exits.Clear();
        model.AddTo(_found);
        ReadOnlySpan<ulong> shortTokens = _trie.TokensUpTo(horizon);
        for (int i = 0; i < _found.Length; i++)
        {
            _found[i] &= shortTokens[i];
        }

        foreach (int node in model.Exits is { } exits ? exits.Nodes : [])
        {
            if (_trie.Depths[node] <= horizon)
            {
                _exits.Add(node);
            }
        }

        Walk(0, state, horizon);
        return Part();
    }

    private PartialMask Part()
    {
        int count = 0;
        foreach (ulong word in _found)
        {
            count += BitOperations.PopCount(word);
        }

        return new PartialMask(_found, count, _exits.Count == 0 ? null : new NodeSet([.. _exits]));
    }

    /// <summary>Walks what is below a place, as far as it leads to paths longer than a bound, and notes those alone.</summary>
    private void Walk(int place, PushdownState state, int beyond)
    {
        ReadOnlySpan<byte> bytes = _trie.Bytes;
        ReadOnlySpan<ushort> depths = _trie.Depths;
        ReadOnlySpan<int> ends = _trie.Ends;
        PushdownState[] path = _path;
        Pushdown alone = _alone;
        PushdownState dead = alone.Dead;
        path[depths[place]] = state;
        ReadOnlySpan<ushort> heights = _trie.Heights;
        int visited = 0;
        int end = ends[place];
        for (int node = place + 1; node < end;)
        {
            if (heights[node] <= beyond)
            {
                node = ends[node];
                continue;
            }

            visited++;
            PushdownState next = alone.Step(path[depths[node] - 1], bytes[node]);
            if (next == dead)
            {
                node = ends[node];
                continue;
            }

            if (depths[node] > beyond)
            {
                foreach (int id in _trie.TokensAt(node))
                {
                    _found[id / 64] |= 1UL << (id % 64);
                }

                if (next.ReachesBottom && ends[node] > node + 1)
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

        _scope.SpendStep(visited);
    }
}
