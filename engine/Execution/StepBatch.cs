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

    /// <summary>Reserves room for the largest step.</summary>
    public StepBatch(int maxTokens, int maxSequences)
    {
        _tokens = new int[maxTokens];
        _slices = new SequenceSlice[maxSequences];
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

    /// <summary>Empties the batch for the next step.</summary>
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
    /// <exception cref="ArgumentException">The slice is empty or does not fit.</exception>
    public void Add(ReadOnlySpan<int> tokens, int start, ReadOnlyMemory<int> blocks, SamplingState? sampling)
    {
        if (tokens.IsEmpty || tokens.Length > FreeTokens || FreeSlices == 0)
        {
            throw new ArgumentException(
                $"A slice of {tokens.Length} tokens does not fit a batch with {FreeTokens} rows and {FreeSlices} slices left.", nameof(tokens));
        }

        tokens.CopyTo(_tokens.AsSpan(TokenCount));
        _slices[SliceCount++] = new SequenceSlice(TokenCount, tokens.Length, start, blocks, sampling);
        TokenCount += tokens.Length;
    }
}

/// <summary>The rows of one sequence in a step.</summary>
/// <param name="FirstRow">Index of its first row in the batch.</param>
/// <param name="Count">Number of rows.</param>
/// <param name="Start">Position of its first row in the sequence.</param>
/// <param name="Blocks">KV block numbers of the sequence in order; entry i holds positions [i * BlockPositions, (i + 1) *
/// BlockPositions).</param>
/// <param name="Sampling">How to sample the next token from the last row; null when none is wanted.</param>
public readonly record struct SequenceSlice(int FirstRow, int Count, int Start, ReadOnlyMemory<int> Blocks, SamplingState? Sampling);
