using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Messages;
using Orleans.Concurrency;

namespace HunyuanOrleans.Grains.Contracts;

/// <summary>
/// A range of layers (whole CLA groups) on one silo: their attention with routers, shared experts and KV. A step passes from shard to shard, and
/// the reply of the last shard returns through all of them. The key is a <see cref="Placement.PinnedKey"/>.
/// </summary>
[Alias("hunyuan.IAttentionShardGrain")]
public interface IAttentionShardGrain : IGrainWithStringKey
{
    /// <summary>
    /// Begins to load the weights of the shard that are missing, and waits for them a moment at most. The caller repeats the call until they are loaded: a
    /// silo that does not answer in time is lost, however long loading takes.
    /// </summary>
    /// <param name="epoch">Epoch of the scheduler that calls. From then on the shard refuses schedulers with a lower epoch.</param>
    /// <param name="version">Version of the route that the weights are for.</param>
    /// <param name="pool">The KV pool that the shard must have; the same on every shard.</param>
    /// <exception cref="GrainCallException">The weights cannot be loaded; the message says why.</exception>
    [Alias("LoadAsync"), ResponseTimeout("00:00:30")]
    Task<ShardState> LoadAsync(long epoch, long version, KvPoolMessage pool);

    /// <summary>
    /// Computes the shard's layers and sends the step on, or samples if this is the last shard. Repeating the call returns the same reply.
    /// </summary>
    /// <returns>The reply; null if the step takes longer than a call should, and must be asked for with <see cref="ResultAsync"/>.</returns>
    /// <exception cref="StaleStepException">A later step or scheduler was here.</exception>
    /// <exception cref="NotLoadedException">Weights are missing: load again.</exception>
    /// <exception cref="AdapterUnavailableException">An adapter of the rows cannot be loaded.</exception>
    /// <exception cref="UnknownSessionException">The step extends a block table that is not here: send the whole table.</exception>
    [Alias("ForwardAsync")]
    Task<StepReply?> ForwardAsync(StepMessage step, CancellationToken cancellationToken);

    /// <summary>Waits for the reply of a step that was sent before. Cancelling abandons the step.</summary>
    /// <returns>The reply; null if the step is still being computed, and must be asked for again.</returns>
    /// <exception cref="StaleStepException">The step is not here, or a later one was.</exception>
    [Alias("ResultAsync"), AlwaysInterleave]
    Task<StepReply?> ResultAsync(long epoch, long number, CancellationToken cancellationToken);

    /// <summary>Takes rows of a step that is about to be sent. Rows of a step that was here already are dropped.</summary>
    [Alias("TakeRowsAsync"), AlwaysInterleave]
    Task TakeRowsAsync(StepRowsMessage rows);

    /// <summary>Tells where a step is, so that its sender can tell a slow step from a lost one. The caller limits its wait.</summary>
    [Alias("PhaseAsync"), AlwaysInterleave]
    Task<StepPhase> PhaseAsync(long epoch, long number);
}
