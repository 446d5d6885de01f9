using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Masks;

namespace HunyuanOrleans.Grammar;

/// <summary>
/// What an answer's text must look like, compiled for one vocabulary. Shared by any number of answers and threads: what it learns
/// about masks while it is used is kept under a lock. It does not know sampling or requests.
/// </summary>
public sealed class Constraint
{
    private readonly Lock _gate = new();
    private readonly AutomatonScope _scope;
    private readonly TokenVocabulary _vocabulary;
    private readonly Pushdown _pushdown;
    private readonly MaskComposer _composer;
    private readonly RuleState _start;
    private readonly int[] _endIds;

    internal Constraint(ConstraintSpec spec, AutomatonScope scope, Rule top, TokenVocabulary vocabulary, TokenTrie trie, int[] endIds)
    {
        Spec = spec;
        _scope = scope;
        _vocabulary = vocabulary;
        _endIds = endIds;
        _pushdown = new Pushdown(scope, inToken: false);
        _composer = new MaskComposer(scope, trie, Words);
        _start = top.Start;
    }

    /// <summary>What was asked for.</summary>
    public ConstraintSpec Spec { get; }

    /// <summary>The request's parameter that asked for it.</summary>
    public string Parameter => _scope.Parameter;

    /// <summary>Number of token ids of the vocabulary it was compiled for.</summary>
    public int VocabularySize => _vocabulary.Size;

    /// <summary>What it holds in memory, in bytes, about. Any thread.</summary>
    internal long Size => _scope.Size + _pushdown.Size + _composer.Size;

    internal int Words => (_vocabulary.Size + 63) / 64;

    /// <summary>The state of an answer that has these tokens so far.</summary>
    /// <param name="answerIds">The answer so far; empty for a new one.</param>
    /// <exception cref="ConstraintException">The answer breaks the constraint, or following it takes too much work.</exception>
    public ConstraintState Begin(ReadOnlySpan<int> answerIds = default)
    {
        ConstraintState state = new(this, StartState());
        foreach (int id in answerIds)
        {
            state.Advance(id);
        }

        return state;
    }

    internal ConstraintException NotAllowed(int token)
        => _scope.Error($"The token {token} came where the constraint does not allow it; the answer cannot be completed.");

    internal bool IsEnd(int id) => _endIds.AsSpan().Contains(id);

    internal PushdownState StartState()
    {
        lock (_gate)
        {
            return _pushdown.Alone(_start);
        }
    }

    /// <summary>The state after a token, or null where it is not allowed.</summary>
    internal PushdownState? Advance(PushdownState state, int id)
    {
        Span<byte> room = stackalloc byte[TokenVocabulary.CodeLength];
        ReadOnlySpan<byte> bytes = _vocabulary.BytesOf(id, room);
        if (bytes.IsEmpty)
        {
            return null;
        }

        lock (_gate)
        {
            _scope.BeginStep();
            if (_pushdown.IsFull)
            {
                _pushdown.Forget();
            }

            foreach (byte value in bytes)
            {
                state = _pushdown.Step(state, value);
                if (state == _pushdown.Dead)
                {
                    return null;
                }
            }

            return state;
        }
    }

    /// <summary>Fills a mask of <see cref="Words"/> words with the tokens that may come next, those that end the answer included.</summary>
    internal void Allow(PushdownState state, Span<ulong> mask)
    {
        lock (_gate)
        {
            _scope.BeginStep();
            _composer.Compose(state, mask);
        }

        if (state.ReachesBottom)
        {
            AllowEnd(mask);
        }
    }

    internal void AllowEnd(Span<ulong> mask)
    {
        foreach (int id in _endIds)
        {
            mask[id / 64] |= 1UL << (id % 64);
        }
    }

    /// <summary>Finds masks ahead of their use, until none is left to find or the work has reached its bound.</summary>
    /// <param name="maxWork">About the number of nodes of the token tree to visit.</param>
    internal void Prepare(long maxWork)
    {
        lock (_gate)
        {
            _composer.Prepare(maxWork);
        }
    }
}
