using HunyuanOrleans.Grains.Messages;
using Orleans.Concurrency;

namespace HunyuanOrleans.Grains.Contracts;

/// <summary>
/// A range of layers (whole CLA groups) on one silo: their attention, with routers, shared experts and KV. Steps pass from shard to shard;
/// the reply of the last comes back through all. The key is a <see cref="Placement.PinnedKey"/>.
/// </summary>
public interface IAttentionShardGrain : IGrainWithStringKey
{
    /// <summary>Loads what is missing of the shard's weights. Again: says what is there.</summary>
    /// <param name="epoch">The scheduler that asks. A higher one than any before ends the right of those before to compute here.</param>
    /// <param name="version">The route it is for.</param>
    /// <param name="pool">The KV pool it must have, the same on every shard.</param>
    /// <exception cref="GrainCallException">It cannot be loaded; the message says why.</exception>
    [ResponseTimeout("01:00:00")]
    Task<ShardState> LoadAsync(long epoch, long version, KvPoolMessage pool);

    /// <summary>Computes the shard's layers and hands the step on, or, in the last shard, samples. A step that comes again gets the same reply.</summary>
    /// <exception cref="StaleStepException">A later step or scheduler was here.</exception>
    /// <exception cref="NotLoadedException">Weights are missing: load again.</exception>
    /// <exception cref="UnknownSessionException">The message builds on a block table that is not here: send all of it.</exception>
    [ResponseTimeout("01:00:00")]
    Task<StepReply> ForwardAsync(StepMessage step, CancellationToken cancellationToken);

    /// <summary>Where a step is: lets its sender tell a slow one from a lost one.</summary>
    [AlwaysInterleave, ResponseTimeout("00:00:02")]
    Task<StepPhase> PhaseAsync(long epoch, long number);
}
