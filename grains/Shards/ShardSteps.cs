namespace HunyuanOrleans.Grains.Shards;

/// <summary>What a silo knows of the steps of one shard.</summary>
internal sealed class ShardSteps
{
    /// <summary>Runs each step once.</summary>
    public StepDeduplicator Steps { get; } = new();

    /// <summary>The rows that arrived ahead of their step.</summary>
    public IncomingRows Rows { get; } = new();
}
