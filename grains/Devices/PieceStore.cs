using HunyuanOrleans.Model.Devices;
using HunyuanOrleans.Model.Parts;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Grains.Devices;

/// <summary>
/// The pieces of a model on a silo. It loads each once, as many at a time as reach the full speed of the disk, in any order and within the silo's memory. It
/// drops pieces, and abandons loads that nobody needs any more. Thread-safe. It does not know who needs a piece.
/// </summary>
/// <param name="host">The host, which has the device.</param>
/// <param name="memory">The memory of the silo.</param>
/// <param name="loads">Measures the loads.</param>
/// <param name="logger">Receives what was dropped.</param>
internal sealed class PieceStore(ModelHost host, MemoryBudget memory, LoadMeter loads, ILogger logger)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ModelPiece, Entry> _entries = [];
    private readonly Lazy<PieceSizes> _sizes = new(() => new PieceSizes(host.Settings, host.Config));
    private Task<ModelParts>? _opening;

    /// <summary>The measure of the loads.</summary>
    public LoadMeter Loads => loads;

    /// <summary>The sizes of the pieces.</summary>
    public PieceSizes Sizes => _sizes.Value;

    /// <summary>True if a piece is loaded.</summary>
    public bool Holds(ModelPiece piece)
    {
        lock (_gate)
        {
            return _entries.TryGetValue(piece, out Entry? entry) && entry is { Dropped: null, Loaded.IsCompletedSuccessfully: true };
        }
    }

    /// <summary>Loads a piece unless it is loaded or being loaded.</summary>
    /// <returns>A number that is new each time the piece is loaded. Cancelled if the piece is dropped before it is loaded.</returns>
    public Task<long> LoadAsync(ModelPiece piece)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(piece, out Entry? entry) && entry.Dropped is null)
            {
                return entry.Loaded;
            }

            long bytes = Sizes.WeightsOf(piece);
            Task before = entry?.Dropped ?? Task.CompletedTask;
            entry = new Entry();
            _entries[piece] = entry;
            loads.Add(bytes);
            entry.Loaded = Task.Run(() => LoadAsync(piece, bytes, entry, before));
            return entry.Loaded;
        }
    }

    /// <summary>Frees the memory of pieces. Loads of such pieces are abandoned.</summary>
    /// <param name="needed">The pieces that stay.</param>
    /// <returns>Completes when the memory of these pieces, and of all that were being dropped already, is free.</returns>
    public Task DropAllExceptAsync(IReadOnlySet<ModelPiece> needed)
    {
        lock (_gate)
        {
            List<Task> drops = [];
            foreach ((ModelPiece piece, Entry entry) in _entries)
            {
                if (entry.Dropped is null && !needed.Contains(piece))
                {
                    entry.Dropped = Task.Run(() => DropAsync(piece, entry));
                }

                drops.Add(entry.Dropped ?? Task.CompletedTask);
            }

            return Task.WhenAll(drops);
        }
    }

    private async Task<long> LoadAsync(ModelPiece piece, long bytes, Entry entry, Task before)
    {
        try
        {
            await before;
            ModelParts parts = await OpenAsync();
            await parts.LoadSlots.WaitAsync(entry.Stop.Token);
            long loaded = 0;
            loads.Begin();
            try
            {
                await LoadAsync(parts, piece, entry.Stop.Token);
                loaded = bytes;
            }
            finally
            {
                loads.End(loaded);
                parts.LoadSlots.Release();
            }

            return Random.Shared.NextInt64(1, long.MaxValue);
        }
        catch
        {
            Remove(piece, entry);
            throw;
        }
        finally
        {
            loads.Remove(bytes);
        }
    }

    private async Task LoadAsync(ModelParts parts, ModelPiece piece, CancellationToken cancellationToken)
    {
        long bytes = Sizes.Of(piece);
        memory.Take($"{piece} of model {host.Settings.Name}", bytes);
        try
        {
            using IPreparedPiece prepared = await parts.Device.PrepareAsync(piece, cancellationToken);
            await parts.RunAsync(() => prepared.Install());
        }
        catch
        {
            memory.Return(bytes);
            throw;
        }
    }

    private async Task DropAsync(ModelPiece piece, Entry entry)
    {
        await entry.Stop.CancelAsync();
        await ((Task)entry.Loaded).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (entry.Loaded.IsCompletedSuccessfully)
        {
            ModelParts parts = await OpenAsync();
            await parts.RunAsync(() => parts.Device.Remove(piece));
            memory.Return(Sizes.Of(piece));
            HostLog.Dropped(logger, piece, host.Settings.Name);
        }

        Remove(piece, entry);
    }

    // All loads wait for one attempt to open the device, and the next load after a failure tries again.
    private Task<ModelParts> OpenAsync()
    {
        lock (_gate)
        {
            return _opening is { IsFaulted: false } ? _opening : _opening = Task.Run(host.Open);
        }
    }

    private void Remove(ModelPiece piece, Entry entry)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(piece, out Entry? current) && current == entry)
            {
                _entries.Remove(piece);
            }
        }
    }

    private sealed class Entry
    {
        public CancellationTokenSource Stop { get; } = new();

        public Task<long> Loaded { get; set; } = null!;

        public Task? Dropped { get; set; }
    }
}
