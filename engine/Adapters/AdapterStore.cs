using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Adapters;

namespace HunyuanOrleans.Engine.Adapters;

/// <summary>
/// The adapters that requests can name. Those in memory together stay within a number of bytes: before one more is loaded, the ones that were not used for the
/// longest time are dropped, and loaded again when a request names them. An adapter in use is never dropped; a request waits until there is room.
/// Thread-safe.
/// </summary>
public sealed class AdapterStore : IDisposable
{
    /// <summary>The default of the most bytes of adapters in memory.</summary>
    public const long DefaultBudget = 4L << 30;

    private readonly IAdapterLoader _loader;
    private readonly long _budget;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _loading = new(1, 1);
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _bytes;
    private long _uses;
    private bool _disposed;

    /// <summary>Creates an empty store.</summary>
    /// <param name="loader">Loads adapters. Not owned.</param>
    /// <param name="budget">Most bytes of adapters in memory.</param>
    /// <param name="time">The clock; null for the system clock.</param>
    public AdapterStore(IAdapterLoader loader, long budget = DefaultBudget, TimeProvider? time = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(budget);
        (_loader, _budget, _time) = (loader, budget, time ?? TimeProvider.System);
    }

    /// <summary>All adapters, ordered by name.</summary>
    public IReadOnlyList<AdapterInfo> Adapters
    {
        get
        {
            lock (_gate)
            {
                return [.. _entries.Values.Select(static entry => entry.Info).OrderBy(static info => info.Name, StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>Bytes of the adapters in memory.</summary>
    public long LoadedBytes
    {
        get
        {
            lock (_gate)
            {
                return _bytes;
            }
        }
    }

    /// <summary>Finds an adapter; null if there is none of this name.</summary>
    public AdapterInfo? Find(string name)
    {
        lock (_gate)
        {
            return _entries.GetValueOrDefault(name)?.Info;
        }
    }

    /// <summary>Checks an adapter and adds it. It is loaded when a request first names it.</summary>
    /// <param name="name">Its name in requests.</param>
    /// <param name="folder">Its folder.</param>
    /// <exception cref="ModelException">The adapter or its name cannot be used, or the name is taken; nothing has changed.</exception>
    /// <returns>The adapter.</returns>
    public AdapterInfo Add(string name, string folder)
    {
        if (AdapterNames.WhyNot(name) is { } wrong)
        {
            throw new ModelException(wrong);
        }

        long bytes = _loader.CheckAdapter(folder);
        if (bytes > _budget)
        {
            throw new ModelException($"{folder}: the adapter takes {bytes} bytes in memory; allowed: at most {_budget} for all adapters together.");
        }

        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            AdapterInfo info = new(name, folder, bytes, _time.GetUtcNow().ToUnixTimeSeconds());
            return _entries.TryAdd(name, new Entry(info))
                ? info
                : throw new ModelException($"There is already an adapter named '{name}'; allowed: another name, or to unload that one first.");
        }
    }

    /// <summary>Removes an adapter. Requests that use it go on; later ones do not find it.</summary>
    /// <returns>False if there is none of this name.</returns>
    public bool Remove(string name)
    {
        lock (_gate)
        {
            if (!_entries.Remove(name, out Entry? entry))
            {
                return false;
            }

            entry.IsRemoved = true;
            DropIfIdle(entry);
            return true;
        }
    }

    /// <summary>
    /// Removes an adapter as <see cref="Remove(string)"/> does, but does not count its bytes any more while it is still in use. What holds it may wait for an adapter
    /// that would not fit beside it.
    /// </summary>
    public void Replace(string name)
    {
        lock (_gate)
        {
            if (_entries.Remove(name, out Entry? entry))
            {
                entry.IsRemoved = true;
                DropIfIdle(entry);
                entry.IsUncounted = entry.Adapter is not null;
                _bytes -= entry.Adapter?.Bytes ?? 0;
                NotifyReleased();
            }
        }
    }

    /// <summary>Removes an adapter, unless its name belongs to another one by now.</summary>
    /// <param name="info">What <see cref="Add"/> returned.</param>
    public bool Remove(AdapterInfo info)
    {
        lock (_gate)
        {
            return ReferenceEquals(_entries.GetValueOrDefault(info.Name)?.Info, info) && Remove(info.Name);
        }
    }

    /// <summary>Returns an adapter that is in memory, and keeps it there until the lease is disposed; null if it is not, or there is none of this name.</summary>
    public AdapterLease? TryAcquire(string name)
    {
        lock (_gate)
        {
            return _entries.GetValueOrDefault(name) is { Adapter: { } adapter } entry ? Use(entry, adapter) : null;
        }
    }

    /// <summary>Returns an adapter, which is loaded if it is not in memory, and keeps it there until the lease is disposed.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Stops waiting and loading.</param>
    /// <exception cref="RequestException">There is no adapter of this name.</exception>
    /// <exception cref="ModelException">The adapter cannot be loaded again, because its files have changed.</exception>
    public async ValueTask<AdapterLease> AcquireAsync(string name, CancellationToken cancellationToken)
    {
        if (TryUse(Require(name)) is { } lease)
        {
            return lease;
        }

        await _loading.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            Entry entry = Require(name);
            if (TryUse(entry) is { } loaded)
            {
                return loaded;
            }

            // The files may have changed since they were checked, and with them the size.
            long bytes = await Task.Run(() => _loader.CheckAdapter(entry.Info.Folder), cancellationToken).ConfigureAwait(false);
            if (bytes > _budget)
            {
                throw new ModelException($"The adapter '{name}' has grown to {bytes} bytes; allowed: at most {_budget} for all adapters together.");
            }

            await MakeRoomAsync(bytes, cancellationToken).ConfigureAwait(false);
            LoraAdapter adapter = await Task.Run(() => _loader.LoadAdapter(entry.Info.Folder, cancellationToken), cancellationToken).ConfigureAwait(false);
            return Put(entry, adapter);
        }
        finally
        {
            _loading.Release();
        }
    }

    /// <summary>Frees the adapters. None may be in use.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (Entry entry in _entries.Values)
            {
                entry.IsRemoved = true;
                DropIfIdle(entry);
            }

            _entries.Clear();
        }
    }

    private Entry Require(string name)
    {
        lock (_gate)
        {
            return _entries.GetValueOrDefault(name) ?? throw new RequestException("model", $"The adapter '{name}' does not exist any more.");
        }
    }

    private AdapterLease? TryUse(Entry entry)
    {
        lock (_gate)
        {
            return entry.Adapter is null ? null : Use(entry, entry.Adapter);
        }
    }

    private AdapterLease Put(Entry entry, LoraAdapter adapter)
    {
        lock (_gate)
        {
            if (entry.IsRemoved)
            {
                adapter.Dispose();
                throw new RequestException("model", $"The adapter '{entry.Info.Name}' does not exist any more.");
            }

            entry.Adapter = adapter;
            _bytes += adapter.Bytes;
            return Use(entry, adapter);
        }
    }

    private AdapterLease Use(Entry entry, LoraAdapter adapter)
    {
        entry.Users++;
        entry.LastUse = ++_uses;
        return new AdapterLease(this, entry, adapter);
    }

    // The caller holds a lease, so the adapter is in memory.
    internal AdapterLease Share(Entry entry, LoraAdapter adapter)
    {
        lock (_gate)
        {
            return Use(entry, adapter);
        }
    }

    internal void Release(Entry entry)
    {
        lock (_gate)
        {
            entry.Users--;
            if (entry.IsRemoved)
            {
                DropIfIdle(entry);
            }

            NotifyReleased();
        }
    }

    private void NotifyReleased()
    {
        _released.TrySetResult();
        _released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private async Task MakeRoomAsync(long bytes, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task released;
            lock (_gate)
            {
                while (_bytes + bytes > _budget && Oldest() is { } oldest)
                {
                    Drop(oldest);
                }

                // Memory is allocated in whole pages, so that a few adapters may take slightly more than was computed for them.
                if (_bytes + bytes <= _budget || _bytes == 0)
                {
                    return;
                }

                released = _released.Task;
            }

            await released.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private Entry? Oldest() => _entries.Values.Where(static entry => entry is { Adapter: not null, Users: 0 }).MinBy(static entry => entry.LastUse);

    private void DropIfIdle(Entry entry)
    {
        if (entry is { Users: 0, Adapter: not null })
        {
            Drop(entry);
        }
    }

    private void Drop(Entry entry)
    {
        _bytes -= entry.IsUncounted ? 0 : entry.Adapter!.Bytes;
        entry.Adapter!.Dispose();
        entry.Adapter = null;
    }

    /// <summary>An adapter, in memory or not, and how many use it.</summary>
    internal sealed class Entry(AdapterInfo info)
    {
        public AdapterInfo Info { get; } = info;

        public LoraAdapter? Adapter { get; set; }

        public int Users { get; set; }

        public long LastUse { get; set; }

        public bool IsRemoved { get; set; }

        public bool IsUncounted { get; set; }
    }
}
