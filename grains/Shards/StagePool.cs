using System.Collections.Concurrent;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>
/// The stages of a silo, one for each step in flight: while rows of one step are with experts of other silos, another is computed. The first exists from the
/// start, the others from when they are needed: few routes have as many stages as there may be steps. Thread-safe.
/// </summary>
internal sealed class StagePool : IDisposable
{
    private readonly ModelParts _parts;
    private readonly SemaphoreSlim _free;
    private readonly ConcurrentStack<Stage> _idle = [];
    private readonly Lock _gate = new();
    private readonly List<Stage> _all = [];
    private bool _disposed;

    /// <summary>Creates the first stage, so that a device without the memory for it fails now.</summary>
    /// <param name="parts">The device.</param>
    public StagePool(ModelParts parts)
    {
        _parts = parts;
        _free = new SemaphoreSlim(parts.Device.Options.StepsInFlight);
        _idle.Push(Create());
    }

    /// <summary>Takes a stage, and waits for one if there are as many as there may be and all are taken.</summary>
    /// <exception cref="DeviceException">The device has no memory for another one.</exception>
    public async Task<Stage> TakeAsync(CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        try
        {
            if (_idle.TryPop(out Stage? stage))
            {
                return stage;
            }

            await _parts.RunAsync(() => stage = Create());
            return stage!;
        }
        catch
        {
            _free.Release();
            throw;
        }
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
        lock (_gate)
        {
            _disposed = true;
            _all.ForEach(static stage => stage.Dispose());
            _all.Clear();
        }
    }

    private Stage Create()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            Stage stage = new(_parts);
            _all.Add(stage);
            return stage;
        }
    }
}
