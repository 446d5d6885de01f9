using System.Runtime.InteropServices;
using HunyuanOrleans.Engine.Kv;
using HunyuanOrleans.Engine.Sampling;
using HunyuanOrleans.Model.Adapters;

namespace HunyuanOrleans.Engine.Execution;

/// <summary>
/// The work of one step: rows of tokens in slices, one slice per sequence. The scheduler owns and reuses it; filling it allocates
/// nothing.
/// </summary>
public sealed class StepBatch
{
    private readonly int[] _tokens;
    private readonly SequenceSlice[] _slices;
    private readonly List<long> _releasedSessions;

    /// <summary>Reserves memory for the largest step.</summary>
    /// <param name="maxTokens">Most rows.</param>
    /// <param name="maxSequences">Most slices.</param>
    /// <param name="blockUsage">Which KV blocks are in use; null treats every block as live.</param>
    public StepBatch(int maxTokens, int maxSequences, IKvBlockUsage? blockUsage = null)
    {
        _tokens = new int[maxTokens];
        _slices = new SequenceSlice[maxSequences];
        _releasedSessions = new List<long>(maxSequences);
        BlockUsage = blockUsage ?? new UntrackedBlocks();
    }

    /// <summary>Number of rows (tokens) in the step.</summary>
    public int TokenCount { get; private set; }

    /// <summary>Number of slices in the step.</summary>
    public int SliceCount { get; private set; }

    /// <summary>Number of rows that still fit.</summary>
    public int FreeTokens => _tokens.Length - TokenCount;

    /// <summary>Number of slices that still fit.</summary>
    public int FreeSlices => _slices.Length - SliceCount;

    /// <summary>The token ids of all rows, slice after slice.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, TokenCount);

    /// <summary>The slices in row order.</summary>
    public ReadOnlySpan<SequenceSlice> Slices => _slices.AsSpan(0, SliceCount);

    /// <summary>
    /// Sessions that have ended since the last step that was given to the executor. Each is listed in exactly one step, whether that step
    /// succeeds or not, and only if it took part in a step before. There are never more than slices fit into a step.
    /// </summary>
    public ReadOnlySpan<long> ReleasedSessions => CollectionsMarshal.AsSpan(_releasedSessions);

    /// <summary>
    /// How often the scheduler had been told, when it planned the step, that keys and values were lost. An executor of several steps at once refuses one that
    /// was planned before it lost them.
    /// </summary>
    public long KvLosses { get; set; }

    /// <summary>Which KV blocks have content worth keeping.</summary>
    public IKvBlockUsage BlockUsage { get; }

    /// <summary>Adds an ended session to <see cref="ReleasedSessions"/> of the next step.</summary>
    public void ReleaseSession(long session) => _releasedSessions.Add(session);

    /// <summary>Empties <see cref="ReleasedSessions"/>. Call it once the step has ended.</summary>
    public void ClearReleasedSessions() => _releasedSessions.Clear();

    /// <summary>Empties the batch for the next step, except for <see cref="ReleasedSessions"/>.</summary>
    public void Clear()
    {
        _slices.AsSpan(0, SliceCount).Clear();
        TokenCount = 0;
        SliceCount = 0;
    }

    /// <summary>
    /// Adds a slice with <paramref name="tokens"/> at positions <paramref name="start"/>, start + 1, … of their sequence.
    /// </summary>
    /// <param name="tokens">The token ids, at least one that is no draft; copied.</param>
    /// <param name="start">Position of the first token.</param>
    /// <param name="blocks">Block table of the sequence, which covers position start + tokens.Length - 1. Not copied: it must not change
    /// during the step.</param>
    /// <param name="sampling">State to sample the token after the last row with, or null if no token is wanted (a prompt chunk).</param>
    /// <param name="session">The sequence's session, above 0: the same in all steps until it is released, and never used again.</param>
    /// <param name="scoring">The rows whose log probabilities are wanted. Its targets must not change during the step.</param>
    /// <param name="drafts">The last of the tokens, if they are guesses. They must not change during the step.</param>
    /// <param name="adapter">The adapter of the rows; null (default): none.</param>
    /// <param name="mtp">For executors with an MTP layer: what the slice continues with, and how many tokens to guess.</param>
    /// <exception cref="ArgumentException">The slice is empty or does not fit.</exception>
    public void Add(
        ReadOnlySpan<int> tokens,
        int start,
        ReadOnlyMemory<int> blocks,
        SamplingState? sampling,
        long session,
        RowScoring scoring = default,
        DraftTokens drafts = default,
        IAdapter? adapter = null,
        MtpRequest mtp = default)
    {
        if (tokens.Length <= drafts.Count || tokens.Length > FreeTokens || FreeSlices == 0)
        {
            throw new ArgumentException(
                $"A slice of {tokens.Length} tokens does not fit a batch with {FreeTokens} rows and {FreeSlices} slices left.", nameof(tokens));
        }

        tokens.CopyTo(_tokens.AsSpan(TokenCount));
        _slices[SliceCount++] = new SequenceSlice(TokenCount, tokens.Length, start, blocks, sampling, session)
        {
            Scoring = scoring,
            Drafts = drafts,
            Adapter = adapter,
            Mtp = mtp,
        };
        TokenCount += tokens.Length;
    }

    private sealed class UntrackedBlocks : IKvBlockUsage
    {
        public int BlockCount => 0;

        public bool IsLive(int block) => true;
    }
}
