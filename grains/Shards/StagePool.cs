using System.Collections.Concurrent;
using HunyuanOrleans.Grains.Devices;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>The stages of a silo, one for each step in flight: while rows of one step are with experts of other silos, another is computed. Thread-safe.</summary>
internal sealed class StagePool : IDisposable
{
    private readonly SemaphoreSlim _free;
    private readonly ConcurrentStack<Stage> _idle = [];
    private readonly Stage[] _all;

    /// <summary>Creates all stages, so that a device without the memory for them fails now.</summary>
    /// <param name="parts">The device.</param>
    public StagePool(ModelHost.Parts parts)
    {
        _all = new Stage[parts.Device.Options.StepsInFlight];
        _free = new SemaphoreSlim(_all.Length);
        try
        {
            for (int i = 0; i < _all.Length; i++)
            {
                _idle.Push(_all[i] = new Stage(parts));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Takes a stage, and waits for one if all are taken.</summary>
    public async Task<Stage> TakeAsync(CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        return _idle.TryPop(out Stage? stage) ? stage : throw new InvalidOperationException("A stage was given back twice.");
    }

    /// <summary>Gives a stage back that nothing uses any more.</summary>
    public void Return(Stage stage)
    {
        _idle.Push(stage);
        _free.Release();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Stage? stage in _all)
        {
            stage?.Dispose();
        }
    }
}
