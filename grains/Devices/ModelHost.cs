using System.Collections.Concurrent;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Kv;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Shards;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Devices;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Parts;
using HunyuanOrleans.Model.Quantization;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Grains.Devices;

/// <summary>
/// A silo's share of one model: the pieces that its grains need, each loaded once, and the device that computes with them. Pieces load in the
/// background while the device computes. Thread-safe. It does not know partition plans.
/// </summary>
public sealed class ModelHost : IDisposable
{
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _changes = new(1);
    private readonly Dictionary<string, Holder> _holders = [];
    private readonly ConcurrentDictionary<ModelPiece, long> _incarnations = new();
    private readonly ConcurrentDictionary<string, StepDeduplicator> _steps = new();
    private readonly Lazy<ModelConfig> _config;
    private readonly Lazy<WeightSizes> _sizes;
    private readonly LoadMeter _loads;
    private volatile Parts? _parts;
    private long _epoch;
    private long _step;
    private long _version;
    private long _retained;
    private volatile bool _disposed;

    /// <summary>Creates a host without pieces.</summary>
    public ModelHost(ModelSettings settings, ILogger logger, TimeProvider time)
    {
        Settings = settings;
        _logger = logger;
        Sessions = new KvSessions(time);
        _config = new Lazy<ModelConfig>(() => ModelConfig.Load(settings.Directory));
        _sizes = new Lazy<WeightSizes>(() => new WeightSizes(Config, WeightTypes.Of(Config, settings.Options.Mode, settings.Options.Quant)));
        _loads = new LoadMeter(time);
    }

    /// <summary>The settings of the model.</summary>
    public ModelSettings Settings { get; }

    /// <summary>The model's config.</summary>
    /// <exception cref="ModelException">Its config.json is wrong.</exception>
    public ModelConfig Config => _config.Value;

    /// <summary>The sessions with KV on this silo.</summary>
    public KvSessions Sessions { get; }

    /// <summary>Held while a step uses the buffers of the stage.</summary>
    public SemaphoreSlim StageLock { get; } = new(1);

    /// <summary>Held while rows of other silos use the buffers of the experts.</summary>
    public SemaphoreSlim ExpertLock { get; } = new(1);

    /// <summary>The device and its buffers.</summary>
    /// <exception cref="NotLoadedException">Nothing has been loaded.</exception>
    internal Parts Loaded => _parts ?? throw new NotLoadedException($"Nothing of model {Settings.Name} is loaded on this silo.");

    /// <summary>True once a part of the model has been loaded.</summary>
    public bool IsLoaded => _parts is not null;

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
                (_epoch, _step, _version, _retained) = (epoch, 0, 0, 0);
            }
        }
    }

    /// <summary>Records that a step starts in one of the silo's shards.</summary>
    /// <exception cref="StaleStepException">A later step was here: this one would overwrite KV blocks that belong to other sequences by now.</exception>
    public void Enter(StepMessage step)
    {
        lock (_gate)
        {
            Enter(step.Epoch);
            if (step.Number < _step)
            {
                throw new StaleStepException($"Step {step.Number} of model {Settings.Name} comes late: step {_step} was here.");
            }

            (_step, _version) = (step.Number, step.Version);
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

    /// <summary>Completes when no abandoned step uses the stage's buffers any more.</summary>
    public Task SettleAsync() => _parts?.Stage.SettleAsync() ?? Task.CompletedTask;

    /// <summary>The steps that a shard has seen. They outlive the shard's activation.</summary>
    public StepDeduplicator StepsOf(string shard) => _steps.GetOrAdd(shard, static _ => new StepDeduplicator());

    /// <summary>Loads the pieces that are missing and keeps all of them for a holder.</summary>
    /// <returns>A number for each piece. A number other than before means that the piece was loaded again.</returns>
    /// <exception cref="GrainCallException">A piece cannot be loaded.</exception>
    public async Task<long[]> HoldAsync(string holder, long version, ModelPiece[] pieces, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            // The holder is added before loading, so that RetainAsync does not drop pieces that are present already.
            _holders[holder] = new Holder(version, pieces);
        }

        if (!pieces.All(_incarnations.ContainsKey))
        {
            await _changes.WaitAsync(cancellationToken);
            try
            {
                await LoadAsync(holder, pieces, cancellationToken);
            }
            finally
            {
                _changes.Release();
            }
        }

        return Array.ConvertAll(pieces, piece => _incarnations.TryGetValue(piece, out long number)
            ? number : throw new NotLoadedException($"{piece} was dropped while it was loaded."));
    }

    /// <summary>Removes all holders except these and those of later routes, and drops every piece without a holder.</summary>
    public async Task RetainAsync(long version, IReadOnlyCollection<string> holders)
    {
        await _changes.WaitAsync();
        try
        {
            ModelPiece[] unneeded;
            lock (_gate)
            {
                if (version < _retained)
                {
                    return;
                }

                _retained = version;
                foreach (string holder in _holders.Where(h => h.Value.Version <= version).Select(h => h.Key).Except(holders).ToArray())
                {
                    _holders.Remove(holder);
                }

                HashSet<ModelPiece> needed = [.. _holders.Values.SelectMany(static h => h.Pieces)];
                unneeded = [.. _incarnations.Keys.Where(piece => !needed.Contains(piece))];
            }

            foreach (ModelPiece piece in unneeded)
            {
                _incarnations.TryRemove(piece, out _);
                await Loaded.RunAsync(() => Loaded.Device.Remove(piece));
                HostLog.Dropped(_logger, piece, Settings.Name);
            }
        }
        finally
        {
            _changes.Release();
        }
    }

    /// <summary>The state of the share.</summary>
    public HoldingReport Report()
    {
        string[] holders;
        lock (_gate)
        {
            holders = [.. _holders.Keys.Order(StringComparer.Ordinal)];
        }

        Parts? parts = _parts;
        return new HoldingReport(
            Settings.Name,
            holders,
            parts?.Device.Memory.Weights ?? 0,
            parts?.Device.Memory.Kv ?? 0,
            Sessions.Count,
            parts?.Stage.ExpertTokens.ToArray() ?? [],
            parts?.Stage.Steps ?? 0,
            DeviceReport.Of(parts, _loads, Settings.Simulation?.TimeScale ?? 1));
    }

    /// <summary>Ends the device's thread and frees all memory. Later calls fail.</summary>
    public void Dispose()
    {
        _disposed = true;
        Interlocked.Exchange(ref _parts, null)?.Dispose();
    }

    private async Task LoadAsync(string holder, ModelPiece[] pieces, CancellationToken cancellationToken)
    {
        try
        {
            Parts parts = await Task.Run(Open, cancellationToken);
            foreach (ModelPiece piece in pieces.Where(piece => !_incarnations.ContainsKey(piece)))
            {
                IPreparedPiece prepared = await LoadAsync(parts, piece, cancellationToken);
                await parts.RunAsync(() => prepared.Install());
                _incarnations[piece] = Random.Shared.NextInt64(1, long.MaxValue);
            }

            HostLog.Loaded(_logger, holder, pieces.Length, parts.Device.Memory.Weights);
        }
        catch (Exception fault) when (fault is ModelException or IOException or OutOfMemoryException)
        {
            HostLog.LoadFailed(_logger, holder, fault);
            throw new GrainCallException($"{holder} cannot be loaded: {fault.Message}");
        }
    }

    private async Task<IPreparedPiece> LoadAsync(Parts parts, ModelPiece piece, CancellationToken cancellationToken)
    {
        long bytes = _sizes.Value.Piece(piece), loaded = 0;
        _loads.Add(bytes);
        _loads.Begin();
        try
        {
            IPreparedPiece prepared = await parts.Device.PrepareAsync(piece, cancellationToken);
            loaded = bytes;
            return prepared;
        }
        finally
        {
            _loads.End(loaded);
            _loads.Remove(bytes);
        }
    }

    private Parts Open()
    {
        if (_parts is { } open)
        {
            return open;
        }

        ObjectDisposedException.ThrowIf(_disposed, this);
        Parts parts = new(Settings);
        _parts = parts;
        if (_disposed)
        {
            Dispose();
        }

        return parts;
    }

    /// <summary>The pieces of a shard or expert group, and the route that needs them.</summary>
    private sealed record Holder(long Version, ModelPiece[] Pieces);

    /// <summary>The device, threads and buffers that exist once the model has been opened.</summary>
    internal sealed class Parts : IDisposable
    {
        public Parts(ModelSettings settings)
        {
            Device = settings.OpenDevice();
            Thread = DeviceThread.Start($"hunyuan-device {settings.Name}", Device.Enter);
            Stage = new Stage(this);
            Experts = Device.Config.HasExperts ? new ExpertStage(this) : null;
        }

        public IModelDevice Device { get; }

        public DeviceThread Thread { get; }

        public Stage Stage { get; }

        public ExpertStage? Experts { get; }

        /// <summary>Runs work on the device's thread, between the jobs of steps.</summary>
        public async Task RunAsync(Action work) => await new DeviceJob(work).RunAsync(Thread);

        public void Dispose()
        {
            Thread.Dispose();
            Stage.Dispose();
            Experts?.Dispose();
            Device.Dispose();
        }
    }
}
