using HunyuanOrleans.Engine.Sampling;
using HunyuanOrleans.Model.Adapters;

namespace HunyuanOrleans.Engine.Execution;

/// <summary>The rows of one sequence in a step.</summary>
/// <param name="FirstRow">Index of its first row in the batch.</param>
/// <param name="Count">Number of rows, at least one.</param>
/// <param name="Start">Position of its first row in the sequence.</param>
/// <param name="Blocks">The sequence's block table: entry i is the number of the KV block with positions [i * BlockPositions,
/// (i + 1) * BlockPositions).</param>
/// <param name="Sampling">How to sample the next token from the last row that is no draft; null if no token is wanted (a prompt chunk).</param>
/// <param name="Session">The sequence's session: what an executor keeps under this number is valid until the session is released.</param>
public readonly record struct SequenceSlice(
    int FirstRow, int Count, int Start, ReadOnlyMemory<int> Blocks, SamplingState? Sampling, long Session)
{
    /// <summary>The rows whose log probabilities are wanted; usually none.</summary>
    public RowScoring Scoring { get; init; }

    /// <summary>The tokens at the end of the slice that are guesses; usually none. Only with <see cref="Sampling"/>.</summary>
    public DraftTokens Drafts { get; init; }

    /// <summary>For executors with an MTP layer: what it continues with, and how many tokens to guess.</summary>
    public MtpRequest Mtp { get; init; }

    /// <summary>The adapter of its rows; null: none.</summary>
    public IAdapter? Adapter { get; init; }

    /// <summary>Number of rows whose logits are needed to sample: the last that is no draft, and those of all drafts.</summary>
    public int SampledRows => Sampling is null ? 0 : 1 + Drafts.Count;
}
