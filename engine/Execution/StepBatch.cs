using System.Runtime.InteropServices;
using HunyuanOrleans.Engine.Kv;
using HunyuanOrleans.Engine.Sampling;

namespace HunyuanOrleans.Engine.Execution;

/// <summary>
/// What one step computes: rows of tokens, cut into slices, one slice per sequence. Owned and reused by the scheduler; filling it
/// allocates nothing. It does not know why a slice was chosen.
/// </summary>
public sealed class StepBatch
{
    private readonly int[] _tokens;
    private readonly SequenceSlice[] _slices;
    private readonly List<long> _released;

    /// <summary>Reserves room for the largest step.</summary>
    /// <param name="maxTokens">Most rows.</param>
    /// <param name="maxSequences">Most slices.</param>
    /// <param name="books">The books of the KV blocks that slices name; null where nobody keeps any: every block is live then.</param>
    public StepBatch(int maxTokens, int maxSequences, IKvBooks? books = null)
    {
        _tokens = new int[maxTokens];
        _slices = new SequenceSlice[maxSequences];
        _released = new List<long>(maxSequences);
        Books = books ?? new NoBooks();
    }

    /// <summary>Number of rows (tokens) in the step.</summary>
    public int TokenCount { get; private set; }

    /// <summary>Number of slices in the step.</summary>
    public int SliceCount { get; private set; }

    /// <summary>Rows that still fit.</summary>
    public int FreeTokens => _tokens.Length - TokenCount;

    /// <summary>Slices that still fit.</summary>
    public int FreeSlices => _slices.Length - SliceCount;

    /// <summary>The token ids of all rows, slice after slice.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, TokenCount);

    /// <summary>The slices in row order.</summary>
    public ReadOnlySpan<SequenceSlice> Slices => _slices.AsSpan(0, SliceCount);

    /// <summary>
    /// Sessions that ended or lost their blocks since the last step that was given to the executor. Each is told once, whether that step
    /// succeeds or not, and only sessions that were part of a step are: never more than slices fit a step.
    /// </summary>
    public ReadOnlySpan<long> Released => CollectionsMarshal.AsSpan(_released);

    /// <summary>Which KV blocks hold something worth keeping.</summary>
    public IKvBooks Books { get; }

    /// <summary>Notes that a session is over, for the next step.</summary>
    public void Release(long session) => _released.Add(session);

    /// <summary>Empties <see cref="Released"/>: the executor was told.</summary>
    public void ClearReleased() => _released.Clear();

    /// <summary>Empties the batch for the next step; <see cref="Released"/> stays.</summary>
    public void Clear()
    {
        _slices.AsSpan(0, SliceCount).Clear();
        TokenCount = 0;
        SliceCount = 0;
    }

    /// <summary>
    /// Adds a slice: <paramref name="tokens"/> stand at positions <paramref name="start"/>, start + 1, … of their sequence.
    /// </summary>
    /// <param name="tokens">The ids, at least one; copied.</param>
    /// <param name="start">Position of the first one.</param>
    /// <param name="blocks">Block table of the sequence, covering position start + tokens.Length - 1; not copied, must stay unchanged
    /// during the step.</param>
    /// <param name="sampling">State to sample the token after the last row with, or null when no token is wanted (a prompt chunk).</param>
    /// <param name="session">Which life of which sequence this is, above 0: the same in all steps until it is released, and never again.</param>
    /// <exception cref="ArgumentException">The slice is empty or does not fit.</exception>
    public void Add(ReadOnlySpan<int> tokens, int start, ReadOnlyMemory<int> blocks, SamplingState? sampling, long session)
    {
        if (tokens.IsEmpty || tokens.Length > FreeTokens || FreeSlices == 0)
        {
            throw new ArgumentException(
                $"A slice of {tokens.Length} tokens does not fit a batch with {FreeTokens} rows and {FreeSlices} slices left.", nameof(tokens));
        }

        tokens.CopyTo(_tokens.AsSpan(TokenCount));
        _slices[SliceCount++] = new SequenceSlice(TokenCount, tokens.Length, start, blocks, sampling, session);
        TokenCount += tokens.Length;
    }

    private sealed class NoBooks : IKvBooks
    {
        public int Blocks => 0;

        public bool IsLive(int block) => true;
    }
}

/// <summary>The rows of one sequence in a step.</summary>
/// <param name="FirstRow">Index of its first row in the batch.</param>
/// <param name="Count">Number of rows.</param>
/// <param name="Start">Position of its first row in the sequence.</param>
/// <param name="Blocks">KV block numbers of the sequence in order; entry i holds positions [i * BlockPositions, (i + 1) *
/// BlockPositions).</param>
/// <param name="Sampling">How to sample the next token from the last row; null when none is wanted.</param>
/// <param name="Session">Which life of which sequence this is: what an executor keeps for it is good until the session is released.</param>
public readonly record struct SequenceSlice(
    int FirstRow, int Count, int Start, ReadOnlyMemory<int> Blocks, SamplingState? Sampling, long Session);
