using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Masks;

namespace HunyuanOrleans.Grammar;

/// <summary>
/// A constraint on an answer's text, compiled for one vocabulary. It can be shared by any number of answers and threads: a lock guards
/// the masks that it caches during use.
/// </summary>
public sealed class Constraint
{
    private readonly Lock _gate = new();
    private readonly GrammarContext _context;
    private readonly TokenVocabulary _vocabulary;
    private readonly PushdownAutomaton _pushdown;
    private readonly MaskComposer _composer;
    private readonly RuleState _start;
    private readonly int[] _endIds;

    internal Constraint(ConstraintSpec spec, GrammarContext context, Rule top, TokenVocabulary vocabulary, TokenTrie trie, int[] endIds)
    {
        Spec = spec;
        _context = context;
        _vocabulary = vocabulary;
        _endIds = endIds;
        _pushdown = new PushdownAutomaton(context, singleToken: false);
        _composer = new MaskComposer(context, trie, MaskWords);
        _start = top.Start;
    }

    /// <summary>The specification this constraint was compiled from.</summary>
    public ConstraintSpec Spec { get; }

    /// <summary>Name of the request parameter that the constraint comes from.</summary>
    public string Parameter => _context.Parameter;

    /// <summary>Number of token ids in the vocabulary that the constraint was compiled for.</summary>
    public int VocabularySize => _vocabulary.Size;

    /// <summary>Estimated memory use in bytes. Safe to read from any thread.</summary>
    internal long EstimatedBytes => _context.EstimatedBytes + _pushdown.EstimatedBytes + _composer.EstimatedBytes;

    /// <summary>Length of a token mask in 64-bit words.</summary>
    internal int MaskWords => (_vocabulary.Size + 63) / 64;

    /// <summary>Creates the state of an answer that consists of the given tokens so far.</summary>
    /// <param name="answerIds">Token ids of the answer so far; empty for a new answer.</param>
    /// <exception cref="ConstraintException">The answer violates the constraint, or following it takes too much work.</exception>
    public ConstraintState CreateState(ReadOnlySpan<int> answerIds = default)
    {
        ConstraintState state = new(this, StartState());
        foreach (int id in answerIds)
        {
            state.Advance(id);
        }

        return state;
    }

    /// <inheritdoc cref="ConstraintState.MayExplore"/>
    internal bool MayExplore
    {
        get
        {
            lock (_gate)
            {
                return !_context.IsHalfSpent;
            }
        }
    }

    internal ConstraintException NotAllowed(int token)
        => _context.Error($"The token {token} came where the constraint does not allow it; the answer cannot be completed.");

    internal bool IsEndToken(int id) => _endIds.AsSpan().Contains(id);

    internal PushdownState StartState()
    {
        lock (_gate)
        {
            return _pushdown.StartAt(_start);
        }
    }

    /// <summary>Returns the state after a token, or null if the token is not allowed.</summary>
    internal PushdownState? Advance(PushdownState state, int id)
    {
        Span<byte> buffer = stackalloc byte[TokenVocabulary.SpecialCodeLength];
        ReadOnlySpan<byte> bytes = _vocabulary.BytesOf(id, buffer);
        if (bytes.IsEmpty)
        {
            return null;
        }

        lock (_gate)
        {
            _context.BeginStep();
            if (_pushdown.IsCacheFull)
            {
                _pushdown.ClearCache();
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

    /// <summary>Fills a mask with the tokens that may come next, including the end-of-text tokens if the answer may end.</summary>
    /// <param name="state">The current state.</param>
    /// <param name="mask">Receives <see cref="MaskWords"/> words.</param>
    internal void FillMask(PushdownState state, Span<ulong> mask)
    {
        lock (_gate)
        {
            _context.BeginStep();
            _composer.Compose(state, mask);
        }

        if (state.CanEnd)
        {
            AllowEndTokens(mask);
        }
    }

    internal void AllowEndTokens(Span<ulong> mask)
    {
        foreach (int id in _endIds)
        {
            mask[id / 64] |= 1UL << (id % 64);
        }
    }

    /// <summary>Computes masks in advance, until every known state has one or the work limit is reached.</summary>
    /// <param name="maxWork">Approximate number of token trie nodes and edges of automata to visit.</param>
    internal void PrecomputeMasks(long maxWork)
    {
        lock (_gate)
        {
            _composer.Precompute(maxWork);
        }
    }
}
