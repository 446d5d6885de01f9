namespace HunyuanOrleans.Engine.Execution;

/// <summary>The fixed capacities of an executor.</summary>
/// <param name="VocabularySize">Number of logits per row.</param>
/// <param name="MaxContext">Longest sequence, prompt and answer together, in tokens.</param>
/// <param name="KvBlocks">Number of KV blocks in its pool; blocks are numbered 0 to KvBlocks - 1.</param>
/// <param name="BlockPositions">Positions in one KV block.</param>
/// <param name="MaxBatchTokens">Most rows in one step.</param>
/// <param name="MaxBatchSequences">Most slices in one step, and most rows of a step after which tokens are sampled.</param>
public sealed record ExecutorLimits(
    int VocabularySize, int MaxContext, int KvBlocks, int BlockPositions, int MaxBatchTokens, int MaxBatchSequences)
{
    /// <summary>Whether it has the model's MTP layer, and guesses tokens for slices that ask for them. Default false.</summary>
    public bool HasMtp { get; init; }
}
