using HunyuanOrleans.Engine.Adapters;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>The adapters of a model in this process.</summary>
/// <param name="store">The adapters in memory. Not owned.</param>
public sealed class LocalAdapterCatalog(AdapterStore store) : IAdapterCatalog
{
    /// <inheritdoc/>
    public IReadOnlyList<AdapterInfo> Adapters => store.Adapters;

    /// <summary>Bytes of the adapters in memory.</summary>
    public long LoadedBytes => store.LoadedBytes;

    /// <inheritdoc/>
    public AdapterInfo? Find(string name) => store.Find(name);

    /// <inheritdoc/>
    public async Task<long> AddAsync(string name, string folder, CancellationToken cancellationToken)
    {
        AdapterInfo added = await Task.Run(() => store.Add(name, folder), cancellationToken);
        try
        {
            // The first request should not wait, and an adapter that cannot be loaded should not be in the list.
            using AdapterLease lease = await store.AcquireAsync(name, cancellationToken);
            return lease.Adapter.Bytes;
        }
        catch
        {
            // Another one of this name may have been added meanwhile.
            store.Remove(added);
            throw;
        }
    }

    /// <inheritdoc/>
    public Task<bool> RemoveAsync(string name, CancellationToken cancellationToken) => Task.FromResult(store.Remove(name));
}
