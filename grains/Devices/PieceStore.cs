using System.Collections.Concurrent;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Devices;
using HunyuanOrleans.Model.Parts;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Grains.Devices;

/// <summary>
/// The pieces of a model that are loaded on a silo. It loads and drops them within the silo's memory, and does not know who needs them. Thread-safe.
/// </summary>
/// <param name="host">The host, which has the device.</param>
/// <param name="memory">The memory of the silo.</param>
/// <param name="loads">Measures the loads.</param>
/// <param name="logger">Receives what was loaded and dropped.</param>
internal sealed class PieceStore(ModelHost host, MemoryBudget memory, LoadMeter loads, ILogger logger)
{
    private readonly SemaphoreSlim _changes = new(1);
    private readonly ConcurrentDictionary<ModelPiece, long> _incarnations = new();
    private readonly Lazy<PieceSizes> _sizes = new(() => new PieceSizes(host.Settings, host.Config));

    /// <summary>The measure of the loads.</summary>
    public LoadMeter Loads => loads;

    /// <summary>True if a piece is loaded.</summary>
    public bool Holds(ModelPiece piece) => _incarnations.ContainsKey(piece);

    /// <summary>A number for a piece that is loaded. A number other than before means that the piece was loaded again.</summary>
    /// <exception cref="NotLoadedException">The piece is not loaded.</exception>
    public long IncarnationOf(ModelPiece piece) => _incarnations.TryGetValue(piece, out long number)
        ? number : throw new NotLoadedException($"{piece} was dropped while it was loaded.");

    /// <summary>Loads pieces.</summary>
    /// <param name="holder">Key of the shard or expert group that needs them.</param>
    /// <param name="pieces">The pieces. Those that are loaded already count as loaded.</param>
    /// <param name="isWanted">Whether the holder still needs them.</param>
    /// <param name="cancellationToken">Stops loading. Pieces that were loaded before stay.</param>
    /// <exception cref="GrainCallException">A piece cannot be loaded, or the holder does not need them any more.</exception>
    public async Task LoadAsync(string holder, ModelPiece[] pieces, Func<bool> isWanted, CancellationToken cancellationToken)
    {
        // All pieces count as left to load from the beginning, those that wait too.
        long left = pieces.Sum(_sizes.Value.WeightsOf);
        loads.Add(left);
        try
        {
            foreach (ModelPiece piece in pieces)
            {
                await LoadAsync(holder, piece, isWanted, cancellationToken);
                long bytes = _sizes.Value.WeightsOf(piece);
                loads.Remove(bytes);
                left -= bytes;
            }
        }
        finally
        {
            loads.Remove(left);
        }
    }

    /// <summary>Frees the memory of pieces.</summary>
    /// <param name="tryForget">Calls <see cref="Forget"/> for a piece that nobody needs, and returns its result; false for the others.</param>
    public async Task DropAsync(Func<ModelPiece, bool> tryForget)
    {
        await _changes.WaitAsync();
        try
        {
            foreach (ModelPiece piece in _incarnations.Keys.Where(tryForget))
            {
                await host.Loaded.RunAsync(() => host.Loaded.Device.Remove(piece));
                memory.Return(_sizes.Value.Of(piece));
                HostLog.Dropped(logger, piece, host.Settings.Name);
            }
        }
        finally
        {
            _changes.Release();
        }
    }

    /// <summary>Counts a piece as not loaded from now on. Its memory is freed by <see cref="DropAsync"/>.</summary>
    public bool Forget(ModelPiece piece) => _incarnations.TryRemove(piece, out _);

    // One piece at a time, so that a route that is not wanted any more holds up the next one only as long as one piece takes.
    private async Task LoadAsync(string holder, ModelPiece piece, Func<bool> isWanted, CancellationToken cancellationToken)
    {
        await _changes.WaitAsync(cancellationToken);
        try
        {
            if (!isWanted())
            {
                throw new NotLoadedException($"{holder} is not needed any more.");
            }

            // Another holder may have needed the piece too.
            if (!Holds(piece))
            {
                await LoadAsync(await Task.Run(host.Open, cancellationToken), piece, cancellationToken);
            }
        }
        catch (Exception fault) when (fault is ModelException or IOException or OutOfMemoryException)
        {
            HostLog.LoadFailed(logger, holder, fault);
            throw new GrainCallException($"{holder} cannot be loaded: {fault.Message}");
        }
        finally
        {
            _changes.Release();
        }
    }

    private async Task LoadAsync(ModelHost.Parts parts, ModelPiece piece, CancellationToken cancellationToken)
    {
        long bytes = _sizes.Value.Of(piece), loaded = 0;
        memory.Take($"{piece} of model {host.Settings.Name}", bytes);
        loads.Begin();
        try
        {
            using IPreparedPiece prepared = await parts.Device.PrepareAsync(piece, cancellationToken);
            await parts.RunAsync(() => prepared.Install());
            _incarnations[piece] = Random.Shared.NextInt64(1, long.MaxValue);
            loaded = _sizes.Value.WeightsOf(piece);
        }
        catch
        {
            memory.Return(bytes);
            throw;
        }
        finally
        {
            loads.End(loaded);
        }
    }
}
