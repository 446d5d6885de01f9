using System.Collections.Concurrent;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>What a silo knows of the steps of one shard. Thread-safe.</summary>
internal sealed class ShardSteps
{
    private readonly ConcurrentDictionary<(long Epoch, long Number), Stage> _computing = [];

    /// <summary>Runs each step once.</summary>
    public StepDeduplicator Steps { get; } = new();

    /// <summary>The rows that arrived ahead of their step.</summary>
    /// <remarks>The scheduler's silo decides how many steps are in flight, not this one.</remarks>
    public IncomingRows Rows { get; } = new(ModelOptions.MaxStepsInFlight);

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
