using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Engine.Adapters;
using HunyuanOrleans.Grains.Adapters;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Kv;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Shards;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Parts;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Grains.Devices;

/// <summary>
/// A silo's share of one model: the pieces that its grains need, each loaded once, and the device that computes with them. Pieces load in the
/// background while the device computes. Thread-safe. It does not know partition plans.
/// </summary>
public sealed class ModelHost : IDisposable
{
    /// <summary>How long a call that loads waits before it returns how far loading is: far shorter than the timeout of calls.</summary>
    public static readonly TimeSpan MaxLoadWait = TimeSpan.FromSeconds(1);

    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly HolderTable _holders = new();
    private readonly Dictionary<string, HolderLoad> _loads = [];
    private readonly Lazy<ModelConfig> _config;
    private readonly PieceStore _pieces;
    private readonly TimeProvider _time;
    private readonly Action<string>? _lost;
    private readonly SiloSteps _steps = new();
    private volatile ModelParts? _parts;
    private long _epoch;
    private long _version;
    private RouteNumber _reserved;
    private RouteNumber _retained;
    private volatile bool _disposed;

    /// <summary>Creates a host without pieces.</summary>
    /// <param name="settings">The settings of the model.</param>
    /// <param name="memory">The memory of the silo, shared with its other models.</param>
    /// <param name="logger">Receives what was loaded and dropped.</param>
    /// <param name="time">The clock.</param>
    /// <param name="lost">Called if the device cannot compute any more, with the reason; null for nothing.</param>
    /// <param name="adapterBytes">Most bytes of adapters in memory; 0 (default) to load none.</param>
    public ModelHost(ModelSettings settings, MemoryBudget memory, ILogger logger, TimeProvider time, Action<string>? lost = null, long adapterBytes = 0)
    {
        Settings = settings;
        _lost = lost;
        _logger = logger;
        Sessions = new KvSessions(time);
        _config = new Lazy<ModelConfig>(() => ModelConfig.Load(settings.Directory).WithContext(settings.Options.MaxModelLength));
        _pieces = new PieceStore(this, memory, new LoadMeter(time), logger);
        _time = time;
        Adapters = new SiloAdapters(this, adapterBytes, logger, time);
    }

    /// <summary>The settings of the model.</summary>
    public ModelSettings Settings { get; }

    /// <summary>The model's config.</summary>
    /// <exception cref="ModelException">Its config.json is wrong.</exception>
    public ModelConfig Config => _config.Value;

    /// <summary>The adapters that requests can name, ordered by name, as far as this silo has been told.</summary>
    public IReadOnlyList<AdapterInfo> NamedAdapters => [.. Adapters.Agreement.Table.Live.Select(Describe)];

    /// <summary>Version of that list, which the scheduler numbers; 0 if there were never any adapters.</summary>
    public long AdapterVersion => Adapters.Agreement.Table.Version;

    /// <summary>Finds an adapter that requests can name; null if there is none of this name.</summary>
    public AdapterInfo? FindAdapter(string name) => Adapters.Agreement.Table.FindLive(name) is { } record ? Describe(record) : null;

    /// <summary>The adapters in the silo's memory.</summary>
    internal SiloAdapters Adapters { get; }

    /// <summary>Number of shards and expert groups that were added so far. <see cref="HeldPieces"/> grows only when it does.</summary>
    internal int HolderChanges => _holders.Changes;

    /// <summary>The pieces that the silo's shards and expert groups need, loaded or not.</summary>
    internal HashSet<ModelPiece> HeldPieces()
    {
        lock (_gate)
        {
            return _holders.Pieces();
        }
    }

    /// <summary>The sessions with KV on this silo.</summary>
    public KvSessions Sessions { get; }

    /// <summary>Held while rows of other silos use the buffers of the experts.</summary>
    public SemaphoreSlim ExpertLock { get; } = new(1);

    /// <summary>The device and its buffers.</summary>
    /// <exception cref="NotLoadedException">Nothing has been loaded.</exception>
    internal ModelParts Loaded => _parts ?? throw new NotLoadedException($"Nothing of model {Settings.Name} is loaded on this silo.");

    /// <summary>True once a part of the model has been loaded.</summary>
    public bool IsLoaded => _parts is not null;

    /// <summary>How long loading the silo's share takes at the speed at which it was loaded here; null if that is not known.</summary>
    internal TimeSpan? ShareLoadTime => _pieces.Loads.TimeFor(_parts?.Device.Memory.Weights ?? 0);

    /// <summary>Records the epoch of a caller.</summary>
    /// <exception cref="StaleStepException">A scheduler with a higher epoch has called.</exception>
    public void Enter(long epoch)
    {
        lock (_gate)
        {
            if (epoch < _epoch)
            {
                throw new StaleStepException($"Epoch {epoch} of model {Settings.Name} is over: {_epoch} was here.");
            }

            if (epoch > _epoch)
            {
                (_epoch, _version) = (epoch, 0);
                _steps.Clear();
            }
        }
    }

    /// <summary>Records that a step is in one of the silo's shards, and abandons those that are over by then.</summary>
    /// <param name="shard">Key of the shard.</param>
    /// <param name="step">The step.</param>
    /// <exception cref="StaleStepException">The step itself is over.</exception>
    /// <exception cref="NotLoadedException">No route needs the shard on this silo.</exception>
    internal StepRegistration Register(string shard, StepMessage step)
    {
        lock (_gate)
        {
            Enter(step.Epoch);
            _ = StepsOf(shard);
            StepRegistration registration = _steps.Register(shard, step, out bool isLatest);
            _version = isLatest ? step.Version : _version;
            return registration;
        }
    }

    /// <summary>Checks that no step of a route has run here, so that its KV may still be written.</summary>
    /// <exception cref="StaleStepException">Such a step has run.</exception>
    public void CheckBefore(long epoch, long version)
    {
        lock (_gate)
        {
            Enter(epoch);
            if (version <= _version)
            {
                throw new StaleStepException($"Route {version} of model {Settings.Name} is in use already.");
            }
        }
    }

    /// <summary>The steps that a shard has seen. They outlive the shard's activation, and go with the shard's weights.</summary>
    /// <param name="shard">Key of the shard.</param>
    /// <exception cref="NotLoadedException">No route needs the shard on this silo.</exception>
    internal ShardSteps StepsOf(string shard)
    {
        lock (_gate)
        {
            if (!_holders.Contains(shard))
            {
                throw new NotLoadedException($"{shard} is not loaded on this silo.");
            }

            return _steps.Of(shard);
        }
    }

    /// <summary>Where a step of a shard is, as this silo sees it.</summary>
    internal StepPhase PhaseOf(string shard, long epoch, long number)
    {
        lock (_gate)
        {
            return _steps.PhaseOf(shard, epoch, number);
        }
    }

    /// <summary>
    /// Keeps pieces for a holder, begins to load those that are missing, as far as the silo's memory allows, and waits a moment for them. The caller repeats
    /// the call until nothing is missing.
    /// </summary>
    /// <param name="holder">Key of the shard or expert group.</param>
    /// <param name="epoch">Epoch of the scheduler that calls.</param>
    /// <param name="version">Version of the route that needs the holder.</param>
    /// <param name="pieces">The pieces that the holder needs.</param>
    /// <param name="maxWait">How long to wait at most.</param>
    /// <returns>
    /// How far loading is, and once nothing is missing a number for each piece. A number other than before means that the piece was loaded again.
    /// </returns>
    /// <exception cref="GrainCallException">A piece cannot be loaded; the message says why.</exception>
    /// <exception cref="NotLoadedException">A later route has taken the place of this one.</exception>
    public async Task<(LoadState State, long[] Incarnations)> HoldAsync(string holder, long epoch, long version, ModelPiece[] pieces, TimeSpan maxWait)
    {
        RouteNumber route = new(epoch, version);
        HolderLoad load;
        lock (_gate)
        {
            // A call of an abandoned plan that arrives late would take memory that the next plan counts on.
            if (route < Latest)
            {
                throw new NotLoadedException($"{holder} is not loaded for route {version}: route {Latest.Version} was here.");
            }

            // The holder is added before loading, so that pieces that are present already are not dropped.
            _holders.Add(holder, route, pieces);
            if (!_loads.TryGetValue(holder, out load!) || load.Completion.IsCompleted)
            {
                _loads[holder] = load = BeginLoad(holder, pieces);
            }
        }

        await Task.WhenAny(load.Completion, Task.Delay(maxWait, _time));
        if (!load.Completion.IsCompleted)
        {
            return (new LoadState(false, load.TotalBytes, load.BytesLeft, _pieces.Loads.TimeLeft?.TotalSeconds), []);
        }

        await load.Completion;
        return (new LoadState(true, load.TotalBytes, 0, 0), load.Incarnations);
    }

    /// <summary>
    /// Prepares the silo for a route: drops every piece that neither that route nor a holder to keep needs, so that there is room for what is missing. Pieces
    /// that the route needs stay.
    /// </summary>
    /// <param name="epoch">Epoch of the scheduler that calls.</param>
    /// <param name="version">Version of the route.</param>
    /// <param name="next">The holders of the route on this silo, with their pieces.</param>
    /// <param name="kept">Keys of holders that are in use.</param>
    public Task ReserveAsync(long epoch, long version, IReadOnlyDictionary<string, ModelPiece[]> next, IEnumerable<string> kept)
    {
        RouteNumber route = new(epoch, version);
        lock (_gate)
        {
            if (route < Latest)
            {
                return Task.CompletedTask;
            }

            _reserved = route;
            foreach ((string holder, ModelPiece[] pieces) in next)
            {
                _holders.Add(holder, route, pieces);
            }

            _holders.Retain(route, next.Keys.Concat(kept));
            return DropUnneededAsync();
        }
    }

    /// <summary>Removes all holders except these and those of later routes, and drops every piece without a holder.</summary>
    public Task RetainAsync(long epoch, long version, IReadOnlyCollection<string> holders)
    {
        RouteNumber route = new(epoch, version);
        lock (_gate)
        {
            if (route < _retained)
            {
                return Task.CompletedTask;
            }

            _retained = route;
            _holders.Retain(route, holders);
            return DropUnneededAsync();
        }
    }

    /// <summary>The state of the share.</summary>
    public HoldingReport Report()
    {
        string[] holders;
        HeldRouteReport[] routes;
        long epoch;
        lock (_gate)
        {
            holders = [.. _holders.Keys.Order(StringComparer.Ordinal)];
            routes = holders.Length == 0 ? [] : _holders.Report(Config, _pieces.Holds);
            epoch = _epoch;
        }

        ModelParts? parts = _parts;
        return new HoldingReport(
            Settings.Name,
            holders,
            parts?.Device.Memory.Weights ?? 0,
            parts?.Device.Memory.Kv ?? 0,
            Sessions.Count,
            parts?.Counters.ExpertTokens.ToArray() ?? [],
            parts?.Counters.Steps ?? 0,
            DeviceReport.Of(parts, _pieces.Loads, Settings.Simulation?.TimeScale ?? 1))
        {
            Epoch = epoch,
            Routes = routes,
        };
    }

    /// <summary>Ends the device's thread and frees all memory. Later calls fail.</summary>
    public void Dispose()
    {
        _disposed = true;
        Interlocked.Exchange(ref _parts, null)?.Dispose();
        Adapters.Dispose();
    }

    // The latest route that the silo was prepared for.
    private RouteNumber Latest => _reserved < _retained ? _retained : _reserved;

    private static AdapterInfo Describe(AdapterRecord record) => new(record.Name, record.Folder, record.Bytes, record.Created);

    private HolderLoad BeginLoad(string holder, ModelPiece[] pieces)
    {
        bool[] present = Array.ConvertAll(pieces, _pieces.Holds);
        long[] missing = [.. pieces.Zip(present, (piece, isPresent) => isPresent ? 0 : _pieces.Sizes.WeightsOf(piece))];
        Task<long>[] loads = Array.ConvertAll(pieces, _pieces.LoadAsync);
        return new HolderLoad(loads, missing, present.All(static isPresent => isPresent) ? Task.CompletedTask : Task.Run(() => LoadAsync(holder, loads)));
    }

    private async Task LoadAsync(string holder, Task<long>[] pieces)
    {
        try
        {
            // The first failure counts at once, while others are still being loaded.
            await foreach (Task<long> piece in Task.WhenEach(pieces))
            {
                await piece;
            }

            HostLog.Loaded(_logger, holder, pieces.Length, Loaded.Device.Memory.Weights);
        }
        catch (Exception fault) when (fault is ModelException or DeviceException or IOException or OutOfMemoryException)
        {
            HostLog.LoadFailed(_logger, holder, fault);
            throw new GrainCallException($"{holder} cannot be loaded: {fault.Message}");
        }
        catch (OperationCanceledException)
        {
            throw new NotLoadedException($"{holder} is not needed any more.");
        }
    }

    // The caller holds the lock, so that no holder is added meanwhile that needs a piece after all.
    private Task DropUnneededAsync()
    {
        foreach (string holder in _loads.Keys.Concat(_steps.Shards).Where(holder => !_holders.Contains(holder)).ToArray())
        {
            _loads.Remove(holder);
            _steps.Remove(holder);
        }

        return _pieces.DropAllExceptAsync(_holders.Pieces());
    }

    private void OnDeviceLost(string failure)
    {
        HostLog.DeviceLost(_logger, Settings.Name, failure);
        _lost?.Invoke(failure);
    }

    /// <summary>Opens the device and its buffers unless they are open.</summary>
    /// <exception cref="ModelException">Config, files or options are wrong.</exception>
    internal ModelParts Open()
    {
        if (_parts is { } open)
        {
            return open;
        }

        ObjectDisposedException.ThrowIf(_disposed, this);
        ModelParts parts = new(Settings, OnDeviceLost);
        _parts = parts;
        if (_disposed)
        {
            Dispose();
        }

        return parts;
    }
}
