using HunyuanOrleans.Model.Adapters;

namespace HunyuanOrleans.Engine.Adapters;

/// <summary>Keeps an adapter of an <see cref="AdapterStore"/> in memory until it is disposed, once.</summary>
public sealed class AdapterLease : IAdapterLease
{
    private readonly AdapterStore _store;
    private AdapterStore.Entry? _entry;

    internal AdapterLease(AdapterStore store, AdapterStore.Entry entry, LoraAdapter adapter) => (_store, _entry, Adapter) = (store, entry, adapter);

    /// <summary>The adapter.</summary>
    public LoraAdapter Adapter { get; }

    /// <inheritdoc/>
    IAdapter IAdapterLease.Adapter => Adapter;

    /// <summary>Returns a lease of its own on the same adapter, which stays in memory until both are disposed, also if it was removed meanwhile.</summary>
    /// <exception cref="ObjectDisposedException">This lease has ended.</exception>
    public AdapterLease Share()
    {
        AdapterStore.Entry? entry = Volatile.Read(ref _entry);
        ObjectDisposedException.ThrowIf(entry is null, this);
        return _store.Share(entry, Adapter);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _entry, null) is { } entry)
        {
            _store.Release(entry);
        }
    }
}
