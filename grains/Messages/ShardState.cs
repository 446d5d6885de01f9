namespace HunyuanOrleans.Grains.Messages;

/// <summary>The state of an attention shard.</summary>
/// <param name="Incarnations">
/// A number for the KV memory of each CLA group of the shard, once it is loaded. A number other than before means that the group's content is lost.
/// </param>
/// <param name="Load">How far the shard is loaded.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.shard.state")]
public sealed record ShardState([property: Id(0)] long[] Incarnations, [property: Id(1)] LoadState Load);

/// <summary>Where a step is, as one silo sees it.</summary>
[GenerateSerializer, Alias("hunyuan.step.phase")]
public enum StepPhase
{
    /// <summary>The step has not arrived here, or has been forgotten.</summary>
    Unknown,

    /// <summary>The step waits here or is being computed here.</summary>
    Running,

    /// <summary>The step was sent to the next shard.</summary>
    Forwarded,

    /// <summary>This shard and all shards after it have finished the step.</summary>
    Done,
}
