using System.Collections.Concurrent;
using HunyuanOrleans.Contracts.Grains;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>What a silo knows of the steps of one shard. Thread-safe.</summary>
/// <param name="steps">Most steps in flight.</param>
internal sealed class ShardSteps(int steps)
{
    private readonly ConcurrentDictionary<(long Epoch, long Number), Stage> _computing = [];

    /// <summary>Runs each step once.</summary>
    public StepDeduplicator Steps { get; } = new();

    /// <summary>The rows that arrived ahead of their step.</summary>
    public IncomingRows Rows { get; } = new(steps);

    /// <summary>Records the stage that computes a step.</summary>
    public void Begin(long epoch, long number, Stage stage) => _computing[(epoch, number)] = stage;

    /// <summary>Records that the stage does not compute the step any more.</summary>
    public void End(long epoch, long number) => _computing.TryRemove((epoch, number), out _);

    /// <summary>The stage that computes a step.</summary>
    /// <exception cref="StaleStepException">None does.</exception>
    public Stage Find(long epoch, long number) => _computing.TryGetValue((epoch, number), out Stage? stage)
        ? stage
        : throw new StaleStepException($"Step {number} is not computed on this silo.");
}
