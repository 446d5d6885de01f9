using HunyuanOrleans.Engine.Adapters;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>The adapters that requests can name, in this process or on a cluster. Thread-safe.</summary>
public interface IAdapterCatalog
{
    /// <summary>All adapters, ordered by name.</summary>
    IReadOnlyList<AdapterInfo> Adapters { get; }

    /// <summary>Finds an adapter; null if there is none of this name.</summary>
    AdapterInfo? Find(string name);

    /// <summary>Adds an adapter.</summary>
    /// <param name="name">Its name in requests.</param>
    /// <param name="folder">Its folder.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Bytes that it takes in memory.</returns>
    /// <exception cref="ModelException">The adapter or its name cannot be used, or the name is taken; nothing has changed. The message is for operators.</exception>
    /// <exception cref="TimeoutException">The cluster did not answer; whether the adapter was added is not known.</exception>
    Task<long> AddAsync(string name, string folder, CancellationToken cancellationToken);

    /// <summary>Removes an adapter. Requests that use it go on; later ones do not find it.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>False if there is none of this name.</returns>
    /// <exception cref="TimeoutException">The cluster did not answer; whether the adapter was removed is not known.</exception>
    Task<bool> RemoveAsync(string name, CancellationToken cancellationToken);
}
