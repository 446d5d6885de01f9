namespace HunyuanOrleans.Engine.Execution;

/// <summary>
/// Runs steps of the model over a batch of sequence slices, in this process or on a cluster. An executor knows nothing of requests,
/// queues or streams; the scheduler that calls it knows nothing of weights or machines.
/// </summary>
public interface IModelExecutor : IAsyncDisposable
{
    /// <summary>The capacities of the executor; constant over its lifetime.</summary>
    ExecutorLimits Limits { get; }

    /// <summary>
    /// How many steps it takes at once, at least 1, without a sequence in common. It may change between two steps. Default 1.
    /// </summary>
    int StepsInFlight => 1;

    /// <summary>
    /// In how many of these steps sequences are decoded fastest. Other steps in flight compute only prompts. It may change between two steps.
    /// Default <see cref="StepsInFlight"/>.
    /// </summary>
    /// <param name="sequences">Number of sequences that decode, at least 1.</param>
    int DecodeSteps(int sequences) => StepsInFlight;

    /// <summary>
    /// Writes the keys and values of every row of <paramref name="batch"/> to the KV blocks that its slices name, and samples one token
    /// for each slice that asks for one, and one more for each of its drafts that it accepts. Computes the log probabilities of the rows for
    /// which slices ask for them.
    /// </summary>
    /// <param name="batch">The step. The executor only reads it and keeps no reference to it after completion.</param>
    /// <param name="result">Emptied and filled by the executor: entry i belongs to slice i of the batch. The caller owns it and reuses it
    /// between steps.</param>
    /// <param name="cancellationToken">Cancels the step. A cancelled step may or may not have written its keys and values.</param>
    /// <returns>Completes when the result is filled. A local executor completes synchronously and allocates nothing.</returns>
    /// <exception cref="KvLostException">Keys and values were lost; the scheduler recomputes them for all sequences.</exception>
    /// <exception cref="ExecutorException">The step failed for a known reason; the affected answers end with this message. After any
    /// other exception the answers of the step end with a general message.</exception>
    ValueTask ExecuteAsync(StepBatch batch, StepResult result, CancellationToken cancellationToken);
}
