namespace HunyuanOrleans.Grains.Messages;

/// <summary>What an attention shard says when it is ready.</summary>
/// <param name="Incarnations">One number for the KV memory of each CLA group of the shard: another number means that what it held is lost.</param>
/// <param name="Epoch">The highest epoch the silo has seen for this model.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.shard.state")]
public sealed record ShardState(long[] Incarnations, long Epoch);

/// <summary>Where a step is on a silo.</summary>
public enum StepPhase
{
    /// <summary>It never came, or is forgotten.</summary>
    Unknown,

    /// <summary>It waits or is being computed here.</summary>
    Running,

    /// <summary>It was handed on to the next shard.</summary>
    HandedOn,

    /// <summary>It is done here and after.</summary>
    Done,
}
