namespace HunyuanOrleans.Engine.Execution;

/// <summary>
/// Runs one step of the model over a batch of sequence slices: the seam between the scheduler and whatever computes, in this
/// process or on a cluster. It knows nothing of requests, queues or streams; the scheduler knows nothing of weights or places.
/// </summary>
public interface IModelExecutor : IAsyncDisposable
{
    /// <summary>What the executor can hold and take; constant over its life.</summary>
    ExecutorLimits Limits { get; }

    /// <summary>
    /// Appends the keys and values of every row of <paramref name="batch"/> to the KV blocks its slices name, and samples one token
    /// for each slice that asks for it.
    /// </summary>
    /// <param name="batch">The step. The executor only reads it, and keeps no reference after completion.</param>
    /// <param name="result">Filled by the executor: entry i belongs to slice i of the batch. Owned by the caller, reused between
    /// steps.</param>
    /// <param name="cancellationToken">Gives up waiting; a step that was cancelled may or may not have written its KV.</param>
    /// <returns>Completes when the result is filled. A local executor completes synchronously and allocates nothing.</returns>
    /// <exception cref="KvLostException">Keys and values were lost; the next steps compute them again, for all sequences.</exception>
    /// <exception cref="ExecutorException">Answers end with its message. Any other exception ends those of the step with a general
    /// one.</exception>
    ValueTask ExecuteAsync(StepBatch batch, StepResult result, CancellationToken cancellationToken);
}

/// <summary>The fixed capacities of an executor.</summary>
/// <param name="VocabularySize">Number of logits per row.</param>
/// <param name="MaxContext">Longest sequence, prompt and answer together, in tokens.</param>
/// <param name="KvBlocks">Number of KV blocks its pool holds; blocks are numbered 0 to KvBlocks - 1.</param>
/// <param name="BlockPositions">Positions one KV block holds.</param>
/// <param name="MaxBatchTokens">Most rows one step may carry.</param>
/// <param name="MaxBatchSequences">Most slices one step may carry.</param>
public sealed record ExecutorLimits(
    int VocabularySize, int MaxContext, int KvBlocks, int BlockPositions, int MaxBatchTokens, int MaxBatchSequences);
