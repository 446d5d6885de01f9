using HunyuanOrleans.Engine.Kv;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Sampling;

namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>
/// One answer being written: its tokens are the truth, and how many of them the KV blocks hold is derived and may fall back to none.
/// Changed by the scheduler's thread only. It does not know the pool's books or the batch.
/// </summary>
internal sealed class Sequence
{
    /// <summary>Room for so many further tokens is reserved when a sequence starts; longer answers let it double.</summary>
    private const int ReservedTokens = 65536;

    private readonly TokenLog<int> _tokens;
    private readonly int _blockPositions;
    private int[] _blocks = [];
    private UInt128[] _hashes = [];
    private int _hashed;
    private volatile bool _cancelRequested;

    public Sequence(SequenceOptions options, Action<Sequence> cancel, long submitted)
    {
        Options = options;
        Submitted = submitted;
        PromptLength = options.Request.PromptIds.Length;
        _blockPositions = options.BlockPositions;
        _tokens = new TokenLog<int>(PromptLength + options.Resumed.Length);
        _tokens.Append(options.Request.PromptIds.Span);
        _tokens.Append(options.Resumed.Span);
        Sampling = new SamplingState(
            options.Request.Sampling, options.Seed, options.Request.PromptIds.Span, options.Resumed.Span, options.MaxTokens);
        AllowNext();
        Samples = options.Request.Sampling.LogProbabilities is null ? null : new TokenLog<SampledToken>(16);
        Stream = new ChoiceStream(options.Choice, _tokens, Count, Samples, () =>
        {
            _cancelRequested = true;
            cancel(this);
        });
    }

    /// <summary>Where it stands.</summary>
    public SequenceState State { get; internal set; }

    /// <summary>Set where its tokens ended it before it was submitted: it must not run.</summary>
    public FinishReason EndedBefore { get; init; }

    /// <summary>True where it ended before, by a stop id.</summary>
    public bool EndedByStopId { get; init; }

    /// <summary>Which life its blocks serve, unique in this engine: each time it starts it has another one; 0 without blocks.</summary>
    public long Session { get; set; }

    /// <summary>Place in the order of arrival; lower goes first.</summary>
    public long Arrival { get; internal set; }

    /// <summary>Number of prompt tokens.</summary>
    public int PromptLength { get; }

    /// <summary>Number of tokens, prompt and answer.</summary>
    public int Count => _tokens.Count;

    /// <summary>Tokens of the answer, those it was resumed with included.</summary>
    public int AnswerLength => Count - PromptLength;

    /// <summary>Tokens whose keys and values the blocks hold.</summary>
    public int Computed { get; internal set; }

    /// <summary>
    /// Tokens the executor has yet to see: 1 while an answer is being written, more while a prompt is computed or replayed.
    /// </summary>
    public int Pending => Count - Computed;

    /// <summary>The block table.</summary>
    public ReadOnlyMemory<int> Blocks => _blocks.AsMemory(0, BlockCount);

    /// <summary>Entries in the block table.</summary>
    public int BlockCount { get; private set; }

    public SequenceOptions Options { get; }

    public SamplingState Sampling { get; }

    /// <summary>The tokens drawn here, or null where nobody wants to know more than their ids.</summary>
    public TokenLog<SampledToken>? Samples { get; }

    public ChoiceStream Stream { get; }

    /// <summary>True while it is part of the step being planned or computed.</summary>
    public bool Planned { get; set; }

    /// <summary>Blocks at the head of the table already offered to the prefix cache.</summary>
    public int PublishedBlocks { get; set; }

    public int CachedPromptTokens { get; set; }

    public long Submitted { get; }

    public long? Started { get; set; }

    public long? FirstToken { get; set; }

    public bool CancelRequested => _cancelRequested;

    /// <summary>Full blocks of tokens that may come from the cache: never all tokens, since the last one's logits are needed.</summary>
    public int ShareableBlocks => (Count - 1) / _blockPositions;

    public ReadOnlySpan<int> TokensFrom(int start, int count) => _tokens.Slice(start, start + count).Span;

    public ReadOnlyMemory<int> Answer => _tokens.Slice(PromptLength, Count);

    /// <summary>Reserves what a running sequence needs, so that its steps allocate nothing.</summary>
    public void Reserve()
    {
        int longest = PromptLength + Options.MaxTokens;
        _tokens.Reserve((int)Math.Min(longest, (long)Count + ReservedTokens));
        int blocks = (longest + _blockPositions - 1) / _blockPositions;
        if (_blocks.Length < blocks)
        {
            Array.Resize(ref _blocks, blocks);
            Array.Resize(ref _hashes, blocks);
        }
    }

    /// <summary>The chained hash of a full block of tokens, computed once.</summary>
    public UInt128 HashOf(int block)
    {
        for (; _hashed <= block; _hashed++)
        {
            UInt128 parent = _hashed == 0 ? Options.CacheRoot : _hashes[_hashed - 1];
            _hashes[_hashed] = BlockHash.Next(parent, TokensFrom(_hashed * _blockPositions, _blockPositions));
        }

        return _hashes[block];
    }

    public void AddBlock(int block) => _blocks[BlockCount++] = block;

    public int RemoveLastBlock() => _blocks[--BlockCount];

    /// <summary>Empties the block table without giving anything back: the pool has been reset.</summary>
    public void ForgetBlocks() => BlockCount = 0;

    public void Append(in SampledToken token)
    {
        Sampling.Append(token.Id);
        Samples?.Append(token);
        _tokens.Append(token.Id);
    }

    /// <summary>Lets the constraint follow the last token and say which may come next.</summary>
    /// <returns>Why it cannot, for users; null where it can.</returns>
    public string? FollowConstraint()
    {
        try
        {
            Options.Constraint?.Advance(_tokens[Count - 1]);
            AllowNext();
            return null;
        }
        catch (RequestException broken)
        {
            return broken.Message;
        }
    }

    private void AllowNext()
    {
        if (Options.Constraint is { IsFinished: false } constraint)
        {
            Sampling.AllowedTokens = constraint.AllowedTokens;
        }
    }
}
