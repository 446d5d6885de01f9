using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Adapters;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Adapters;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Grains.Adapters;

/// <summary>
/// The parts of adapters in the memory of a silo: of each adapter that a step needs, what changes the pieces that the silo holds. A part is loaded for the first
/// step that needs it, and again when the silo takes over further pieces. Those in memory stay within a number of bytes. Thread-safe. It does not know which
/// adapters requests can name.
/// </summary>
internal sealed class SiloAdapters : IDisposable
{
    private readonly ModelHost _host;
    private readonly ILogger _logger;
    private readonly AdapterStore? _store;
    private readonly StepAdapterLoads _loads;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, string> _keys = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _turn = new(1);
    private AdapterScope? _scope;
    private int _scopes;
    private int _holders = -1;

    /// <summary>Creates an empty set.</summary>
    /// <param name="host">The silo's share of the model.</param>
    /// <param name="budget">Most bytes of adapters in memory; 0 to load none.</param>
    /// <param name="logger">Receives why an adapter cannot be loaded.</param>
    /// <param name="time">The clock.</param>
    public SiloAdapters(ModelHost host, long budget, ILogger logger, TimeProvider time)
    {
        (_host, _logger) = (host, logger);
        _loads = new StepAdapterLoads(LoadAllAsync, time);
        _store = budget > 0 ? new AdapterStore(new PartLoader(this), budget, time) : null;
        Agreement = new AdapterAgreement(host, budget, logger, time);
    }

    /// <summary>Which adapters the silo can use.</summary>
    public AdapterAgreement Agreement { get; }

    /// <summary>Bytes of the parts in memory.</summary>
    public long LoadedBytes => _store?.LoadedBytes ?? 0;

    /// <summary>Number of sets of adapters that are being loaded.</summary>
    internal int Loads => _loads.Count;

    /// <summary>Loads the parts of a step's adapters that are not in memory, and keeps all of them there until the result is disposed.</summary>
    /// <param name="adapters">The adapters.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="AdapterUnavailableException">One cannot be loaded.</exception>
    public async ValueTask<StepAdapters> AcquireAsync(AdapterMessage[] adapters, CancellationToken cancellationToken) =>
        (await AcquireWithinAsync(adapters, Timeout.InfiniteTimeSpan, cancellationToken))!;

    /// <summary>Does as <see cref="AcquireAsync"/> does, if it takes no longer than a call should.</summary>
    /// <param name="adapters">The adapters.</param>
    /// <param name="maxWait">How long to wait at most. Loading goes on afterwards, for as long as <see cref="StepAdapterLoads.AbandonTime"/>.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The parts; null if they are not loaded yet.</returns>
    /// <exception cref="AdapterUnavailableException">One cannot be loaded.</exception>
    public async ValueTask<StepAdapters?> AcquireWithinAsync(AdapterMessage[] adapters, TimeSpan maxWait, CancellationToken cancellationToken) =>
        TryAcquire(adapters) ?? await _loads.WaitAsync(adapters, maxWait, cancellationToken);

    /// <summary>Ends the loads, and frees the adapters when nothing uses them any more.</summary>
    public void Dispose()
    {
        _loads.Dispose();
        _store?.Dispose();
    }

    // One set at a time holds some parts and waits for room for others. Every step holds all of its parts, and ends, or none.
    private async Task<StepAdapters> LoadAllAsync(AdapterMessage[] adapters, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        StepAdapters set = new(adapters.Length);
        try
        {
            foreach (AdapterMessage adapter in adapters)
            {
                set.Add(await LoadAsync(adapter, cancellationToken));
            }

            return set;
        }
        catch
        {
            set.Dispose();
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    private StepAdapters? TryAcquire(AdapterMessage[] adapters)
    {
        if (_store is null)
        {
            return null;
        }

        lock (_gate)
        {
            RefreshScope();
            StepAdapters set = new(adapters.Length);
            foreach (AdapterMessage adapter in adapters)
            {
                if (!_keys.TryGetValue(adapter.Digest, out string? key) || _store.TryAcquire(key) is not { } lease)
                {
                    set.Dispose();
                    return null;
                }

                set.Add(lease);
                if (lease.Adapter.Digest != adapter.Digest)
                {
                    // It was loaded again from files that have changed, and whoever loads it has not seen that yet.
                    set.Dispose();
                    return null;
                }
            }

            return set;
        }
    }

    private async Task<AdapterLease> LoadAsync(AdapterMessage adapter, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                if (await TryLoadAsync(adapter, cancellationToken) is { } lease)
                {
                    return lease;
                }
            }
        }
        catch (Exception fault) when (fault is ModelException or IOException or UnauthorizedAccessException or OutOfMemoryException)
        {
            AdapterLog.CannotLoad(_logger, adapter.Name, _host.Settings.Name, fault);
            throw new AdapterUnavailableException($"The adapter '{adapter.Name}' cannot be loaded any more; the log has the details.") { Digest = adapter.Digest };
        }
    }

    // Null if the silo has taken over further pieces meanwhile.
    private async Task<AdapterLease?> TryLoadAsync(AdapterMessage adapter, CancellationToken cancellationToken)
    {
        AdapterStore store = _store ?? throw new ModelException(Agreement.Refusal!);
        string key;
        bool isKnown;
        AdapterScope scope;
        lock (_gate)
        {
            RefreshScope();
            (key, scope) = ($"{adapter.Digest} {_scopes}", _scope!);
            isKnown = _keys.ContainsKey(adapter.Digest);
        }

        if (isKnown && store.Find(key)?.Folder != Agreement.FolderOf(adapter))
        {
            // It was added again from another folder, and the first one may be gone.
            Forget(adapter.Digest, key);
            isKnown = false;
        }

        if (!isKnown)
        {
            await Task.Run(() => store.Add(key, Agreement.FolderOf(adapter)), cancellationToken);
            if (!Keep(adapter.Digest, key, scope))
            {
                store.Remove(key);
                return null;
            }
        }

        AdapterLease lease;
        try
        {
            lease = await store.AcquireAsync(key, cancellationToken);
        }
        catch (RequestException)
        {
            // The part was removed because the silo holds further pieces.
            return null;
        }

        if (lease.Adapter.Digest == adapter.Digest)
        {
            return lease;
        }

        lease.Dispose();
        Forget(adapter.Digest, key);
        throw new ModelException($"{Agreement.FolderOf(adapter)}: the files have another content than when the adapter was added.");
    }

    private bool Keep(string digest, string key, AdapterScope scope)
    {
        lock (_gate)
        {
            return _scope == scope && _keys.TryAdd(digest, key);
        }
    }

    private void Forget(string digest, string key)
    {
        lock (_gate)
        {
            _keys.Remove(digest);
            _store!.Remove(key);
        }
    }

    // Parts stay as they are when the silo holds less than before: loading them again would not pay.
    private void RefreshScope()
    {
        int holders = _host.HolderChanges;
        if (holders == _holders)
        {
            return;
        }

        AdapterScope scope = new(_host.Config, _host.HeldPieces());
        _holders = holders;
        if (_scope?.Contains(scope) == true)
        {
            return;
        }

        (_scope, _scopes) = (scope, _scopes + 1);
        // Steps that hold the old parts may wait for new ones on other silos.
        foreach (string key in _keys.Values)
        {
            _store!.Replace(key);
        }

        _keys.Clear();
    }

    private AdapterScope CurrentScope()
    {
        lock (_gate)
        {
            return _scope!;
        }
    }

    /// <summary>Loads the parts for the pieces that the silo holds.</summary>
    private sealed class PartLoader(SiloAdapters owner) : IAdapterLoader
    {
        public long CheckAdapter(string directory)
        {
            using LoraFolder folder = LoraFolder.Open(directory, owner._host.Config);
            return LoraAdapter.BytesOf(folder, owner.CurrentScope());
        }

        public LoraAdapter LoadAdapter(string directory, CancellationToken cancellationToken = default) =>
            owner._host.Loaded.Device.LoadAdapter(directory, owner.CurrentScope(), cancellationToken);
    }
}
