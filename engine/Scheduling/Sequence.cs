using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Kv;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Sampling;
using HunyuanOrleans.Engine.Speculation;
using HunyuanOrleans.Grammar;

namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>
/// One answer in progress: prompt, tokens so far and block table. The tokens are authoritative; keys and values in the blocks are derived
/// from them and can be recomputed. Only the scheduler's thread changes it.
/// </summary>
internal sealed class Sequence
{
    /// <summary>
    /// Most further tokens for which memory is reserved at the start, so that steps allocate nothing; longer answers double it.
    /// </summary>
    private const int MaxReservedTokens = 65536;

    private readonly TokenLog<int> _tokens;
    private readonly int _blockPositions;
    private int[] _blocks = [];
    private UInt128[] _hashes = [];
    private int _hashedBlocks;
    private volatile bool _cancelRequested;

    /// <summary>Creates a waiting sequence with the prompt and the tokens it resumes with.</summary>
    /// <param name="options">What is fixed about it.</param>
    /// <param name="onCancel">Called when its reader cancels it, on the reader's thread.</param>
    /// <param name="submittedAt">Timestamp of its submission.</param>
    public Sequence(SequenceOptions options, Action<Sequence> onCancel, long submittedAt)
    {
        Options = options;
        SubmittedAt = submittedAt;
        PromptLength = options.Request.PromptIds.Length;
        _blockPositions = options.BlockPositions;
        _tokens = new TokenLog<int>(PromptLength + options.ResumedIds.Length);
        _tokens.Append(options.Request.PromptIds.Span);
        _tokens.Append(options.ResumedIds.Span);
        Sampling = new SamplingState(
            options.Request.Sampling, options.Seed, options.Request.PromptIds.Span, options.ResumedIds.Span, options.MaxTokens);
        Restrictions = new AnswerRestrictions(options);
        Sampling.Restriction = Restrictions.Next(Answer.Span);
        Samples = options.Request.Sampling.LogProbabilities is null ? null : new TokenLog<SampledToken>(16);
        PromptScores = options.Request.PromptLogProbabilities is null || options.ResumedIds.Length > 0 ? null : new TokenLog<SampledToken>(PromptLength - 1);
        Action cancel = () =>
        {
            _cancelRequested = true;
            onCancel(this);
        };
        Stream = new ChoiceStream(options.Choice, _tokens, Length, Samples, cancel, PromptScores);
    }

    public SequenceState State { get; internal set; }

    /// <summary>Why the tokens it was resumed with already end the answer, so that it must not run; None if they do not.</summary>
    public FinishReason FinishedByResume { get; init; }

    /// <summary>True if the last token it was resumed with is a stop id.</summary>
    public bool ResumeEndsWithStopId { get; init; }

    /// <summary>Number of its session, unique in this engine; 0 while it has no blocks. See <see cref="BlockTables"/>.</summary>
    public long Session { get; set; }

    /// <summary>Place in the order of arrival; lower goes first.</summary>
    public long Arrival { get; internal set; }

    /// <summary>Number of prompt tokens.</summary>
    public int PromptLength { get; }

    /// <summary>Number of tokens of prompt and answer.</summary>
    public int Length => _tokens.Count;

    /// <summary>Number of tokens of the answer, including those it was resumed with.</summary>
    public int AnswerLength => Length - PromptLength;

    /// <summary>Number of tokens whose keys and values are in the blocks.</summary>
    public int ComputedTokens { get; internal set; }

    /// <summary>
    /// Number of tokens the executor has yet to compute: 1 during decoding, more during prefill or recomputation.
    /// </summary>
    public int PendingTokens => Length - ComputedTokens;

    /// <summary>The block table.</summary>
    public ReadOnlyMemory<int> Blocks => _blocks.AsMemory(0, BlockCount);

    /// <summary>The last of <see cref="Blocks"/>; -1 if there is none.</summary>
    public int LastBlock => BlockCount == 0 ? -1 : _blocks[BlockCount - 1];

    /// <summary>Number of entries in the block table.</summary>
    public int BlockCount { get; private set; }

    public SequenceOptions Options { get; }

    public SamplingState Sampling { get; }

    /// <summary>Which tokens may come next.</summary>
    public AnswerRestrictions Restrictions { get; }

    /// <summary>The tokens guessed for it; null until the first guess.</summary>
    public SequenceDrafts? Drafts { get; set; }

    /// <summary>The tokens drawn here with their log probabilities; null if the request does not ask for those.</summary>
    public TokenLog<SampledToken>? Samples { get; }

    /// <summary>
    /// The prompt's tokens after its first with their log probabilities, as far as they are computed; null if the request does not ask for those.
    /// </summary>
    public TokenLog<SampledToken>? PromptScores { get; }

    public ChoiceStream Stream { get; }

    /// <summary>True while it is part of the step being planned or computed.</summary>
    public bool IsPlanned { get; set; }

    /// <summary>Number of blocks at the start of the table that came from the prefix cache or were offered to it.</summary>
    public int CachedBlocks { get; set; }

    /// <summary>Number of prompt tokens found in the prefix cache when it first started.</summary>
    public int CachedPromptTokens { get; set; }

    /// <summary>Timestamp of its submission.</summary>
    public long SubmittedAt { get; }

    /// <summary>Timestamp of its first start; null before.</summary>
    public long? StartedAt { get; set; }

    /// <summary>Timestamp of the first token drawn here; null before.</summary>
    public long? FirstTokenAt { get; set; }

    /// <summary>True once its reader has cancelled it.</summary>
    public bool CancelRequested => _cancelRequested;

    /// <summary>
    /// Most blocks that may come from the cache: full ones without the last token, whose logits are needed, and without the prompt tokens whose logits are
    /// wanted.
    /// </summary>
    public int CacheableBlocks => (IsPromptScored ? Length - 1 : PromptScores!.Count) / _blockPositions;

    private bool IsPromptScored => PromptScores is null || PromptScores.Count == PromptLength - 1;

    /// <summary>True if a token is drawn after the last one; false if only the prompt's log probabilities are wanted.</summary>
    public bool WantsToken => Options.MaxTokens > 0;

    /// <summary>The rows of the next slice whose log probabilities are wanted and not known yet.</summary>
    /// <param name="count">Number of rows of the slice, which starts at <see cref="ComputedTokens"/>.</param>
    public RowScoring Scoring(int count)
    {
        if (IsPromptScored)
        {
            return default;
        }

        // Row i has the probabilities of token i + 1. Rows before the first one wanted were scored before the sequence was pre-empted.
        int first = Math.Max(ComputedTokens, PromptScores!.Count);
        int end = Math.Min(ComputedTokens + count, PromptLength - 1);
        return first < end
            ? new RowScoring(first - ComputedTokens, _tokens.Slice(first + 1, end + 1), Options.Request.PromptLogProbabilities!.Value)
            : default;
    }

    /// <summary>The tokens of the answer so far.</summary>
    public ReadOnlyMemory<int> Answer => _tokens.Slice(PromptLength, Length);

    /// <summary>The prompt and the answer so far.</summary>
    public ReadOnlySpan<int> AllTokens => _tokens.Slice(0, Length).Span;

    /// <summary>The place of the tokens that come next, for guesses; see <see cref="TokenLog{T}.Ahead"/>.</summary>
    public Memory<int> Ahead(int count) => _tokens.Ahead(count);

    /// <summary>The answer so far and the first guesses in <see cref="Ahead"/>.</summary>
    public ReadOnlySpan<int> AnswerWithAhead(int count) => _tokens.Slice(PromptLength, Length + count).Span;

    /// <summary>The tokens at positions [start, start + count), guesses in <see cref="Ahead"/> included.</summary>
    public ReadOnlySpan<int> Tokens(int start, int count) => _tokens.Slice(start, start + count).Span;

    /// <summary>Reserves the memory that it needs while it runs, so that its steps allocate nothing.</summary>
    public void ReserveMemory()
    {
        int longest = PromptLength + Options.MaxTokens;
        _tokens.Reserve((int)Math.Min(longest, (long)Length + MaxReservedTokens));
        int blocks = (longest + _blockPositions - 1) / _blockPositions;
        if (_blocks.Length < blocks)
        {
            Array.Resize(ref _blocks, blocks);
            Array.Resize(ref _hashes, blocks);
        }
    }

    /// <summary>The chained hash of a block that is full of tokens; each is computed once.</summary>
    public UInt128 HashOf(int block)
    {
        for (; _hashedBlocks <= block; _hashedBlocks++)
        {
            UInt128 parent = _hashedBlocks == 0 ? Options.CacheRoot : _hashes[_hashedBlocks - 1];
            _hashes[_hashedBlocks] = BlockHash.Next(parent, Tokens(_hashedBlocks * _blockPositions, _blockPositions));
        }

        return _hashes[block];
    }

    /// <summary>Appends a block to the block table.</summary>
    public void AddBlock(int block) => _blocks[BlockCount++] = block;

    /// <summary>Removes the last block from the block table and returns it.</summary>
    public int RemoveLastBlock() => _blocks[--BlockCount];

    /// <summary>Empties the block table without releasing the blocks; only for a pool that is reset.</summary>
    public void ClearBlocks() => BlockCount = 0;

    /// <summary>Reports how far the prompt is computed, if the request asks for that and no token was drawn.</summary>
    public void ReportProgress(TimeProvider time)
    {
        if (!Options.Request.ReportProgress || FirstTokenAt is not null || StartedAt is not long started)
        {
            return;
        }

        // A sequence that was pre-empted is computed again, but its progress does not go back.
        int processed = Math.Max(Math.Min(ComputedTokens, PromptLength), Stream.Progress?.Processed ?? 0);
        Stream.Progress = new PromptProgress(PromptLength, CachedPromptTokens, processed, time.GetElapsedTime(started));
    }

    /// <summary>Appends a token drawn here. Follow it with <see cref="Restrict"/> before the next step.</summary>
    public void Append(in SampledToken token)
    {
        Sampling.Append(token.Id);
        Samples?.Append(token);
        _tokens.Append(token.Id);
    }

    /// <summary>Restricts the token that comes next.</summary>
    /// <returns>Null, or an error message for users if the constraint cannot continue.</returns>
    public string? Restrict()
    {
        try
        {
            Sampling.Restriction = Restrictions.Next(Answer.Span);
            return null;
        }
        catch (ConstraintException exception)
        {
            return exception.Message;
        }
    }
}
