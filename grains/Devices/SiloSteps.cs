using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Shards;

namespace HunyuanOrleans.Grains.Devices;

/// <summary>
/// The steps of a model in all shards of a silo. Steps that are over are abandoned in all of them: the KV blocks that they write may belong to other sequences
/// by now, and two shards of one silo may hold the same layer one after the other. Not thread-safe: <see cref="ModelHost"/> has a lock.
/// </summary>
internal sealed class SiloSteps
{
    private readonly Dictionary<string, ShardSteps> _shards = [];
    private readonly StepWindow _window = new();

    // Completes when no step runs any more that is over.
    private Task _ending = Task.CompletedTask;

    /// <summary>Keys of the shards that have seen steps.</summary>
    public IEnumerable<string> Shards => _shards.Keys;

    /// <summary>What a shard knows of steps.</summary>
    public ShardSteps Of(string shard) => _shards.TryGetValue(shard, out ShardSteps? steps) ? steps : _shards[shard] = new ShardSteps();

    /// <summary>Where a step of a shard is.</summary>
    public StepPhase PhaseOf(string shard, long epoch, long number) => _shards.GetValueOrDefault(shard)?.Steps.PhaseOf(epoch, number) ?? StepPhase.Unknown;

    /// <summary>Records that a step is in a shard, and abandons those that are over by then.</summary>
    /// <param name="shard">Key of the shard.</param>
    /// <param name="step">The step.</param>
    /// <param name="isLatest">True if no later one was here.</param>
    /// <exception cref="StaleStepException">The step itself is over.</exception>
    public StepRegistration Register(string shard, StepMessage step, out bool isLatest)
    {
        isLatest = _window.Enter(step.Number, step.InFlight);
        if (isLatest)
        {
            Abandon(number => !_window.Contains(number));
        }

        ShardSteps steps = Of(shard);
        StepDeduplicator.Entry entry = steps.Steps.Register(step.Epoch, step.Number, out bool isNew);
        return new StepRegistration(steps, entry, isNew, _ending);
    }

    /// <summary>Abandons all steps, because another scheduler numbers its own.</summary>
    public void Clear()
    {
        _window.Clear();
        Abandon(static _ => true);
    }

    /// <summary>Forgets a shard, and abandons its steps.</summary>
    public void Remove(string shard)
    {
        if (_shards.Remove(shard, out ShardSteps? steps))
        {
            AwaitEnd(steps.Steps.Abandon(static _ => true));
        }
    }

    private void Abandon(Func<long, bool> isOver)
    {
        foreach (ShardSteps shard in _shards.Values)
        {
            AwaitEnd(shard.Steps.Abandon(isOver));
        }
    }

    private void AwaitEnd(List<Task> steps)
    {
        if (steps.Count > 0)
        {
            _ending = Task.WhenAll([_ending, .. steps]);
        }
    }
}

/// <summary>A step in a shard.</summary>
/// <param name="Shard">What the shard knows of steps.</param>
/// <param name="Step">The step.</param>
/// <param name="IsNew">False if it was here before. A new one must be started.</param>
/// <param name="Ending">Completes when no step runs any more that is over; the step begins then.</param>
internal readonly record struct StepRegistration(ShardSteps Shard, StepDeduplicator.Entry Step, bool IsNew, Task Ending);
