using System.Collections.Concurrent;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Kv;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Shards;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Parts;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Grains.Devices;

/// <summary>
/// A silo's share of one model: the pieces that its grains hold, each once however many grains need it, and the device they are computed on.
/// Pieces load in the background while the device computes. It does not know plans. Any thread.
/// </summary>
public sealed class ModelHost : IDisposable
{
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _changes = new(1);
    private readonly Dictionary<string, Holder> _holders = [];
    private readonly ConcurrentDictionary<ModelPiece, long> _incarnations = new();
    private readonly ConcurrentDictionary<string, StepDeduplicator> _fences = new();
    private readonly Lazy<ModelConfig> _config;
    private volatile Parts? _parts;
    private long _epoch;
    private long _step;
    private long _version;
    private long _retained;
    private volatile bool _disposed;

    /// <summary>A host that holds nothing yet.</summary>
    public ModelHost(ModelSettings settings, ILogger logger, TimeProvider time)
    {
        Settings = settings;
        _logger = logger;
        Sessions = new KvSessions(time);
        _config = new Lazy<ModelConfig>(() => ModelConfig.Load(settings.Directory));
    }

    /// <summary>The model and how it is run.</summary>
    public ModelSettings Settings { get; }

    /// <summary>The model's shapes.</summary>
    /// <exception cref="ModelException">Its config.json is wrong.</exception>
    public ModelConfig Config => _config.Value;

    /// <summary>Sessions with KV here.</summary>
    public KvSessions Sessions { get; }

    /// <summary>Held while a step is in its stage here: a stage's buffers are of one step at a time.</summary>
    public SemaphoreSlim StageLock { get; } = new(1);

    /// <summary>Held while rows go through the expert buffers.</summary>
    public SemaphoreSlim ExpertLock { get; } = new(1);

    /// <summary>The device and its buffers.</summary>
    /// <exception cref="NotLoadedException">Nothing was loaded yet.</exception>
    internal Parts Loaded => _parts ?? throw new NotLoadedException($"Nothing of model {Settings.Name} is loaded here.");

    /// <summary>True once something of the model is or was here.</summary>
    public bool IsLoaded => _parts is not null;

    /// <summary>The highest epoch seen.</summary>
    public long Epoch => Volatile.Read(ref _epoch);

    /// <summary>Notes an epoch.</summary>
    /// <exception cref="StaleStepException">A higher one was seen.</exception>
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

    /// <summary>Notes that a step begins in one of the shards here.</summary>
    /// <exception cref="StaleStepException">A later one was in one of them: this one would overwrite KV that is somebody else's by now.</exception>
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

    /// <summary>Refuses to go on with what was to be ready before the first step of a route.</summary>
    /// <exception cref="StaleStepException">Such a step was here.</exception>
    public void CheckBefore(long epoch, long version)
    {
        lock (_gate)
        {
            Enter(epoch);
            if (version <= _version)
            {
                throw new StaleStepException($"Route {version} of model {Settings.Name} is in force already.");
            }
        }
    }

    /// <summary>Completes when nothing of a step that was given up touches the stage's buffers any more.</summary>
    public Task SettleAsync() => _parts?.Stage.SettleAsync() ?? Task.CompletedTask;

    /// <summary>Which steps a shard has seen. It outlives the shard's activation.</summary>
    public StepDeduplicator FenceOf(string shard) => _fences.GetOrAdd(shard, static _ => new StepDeduplicator());

    /// <summary>Loads what is missing of some pieces and keeps them for a holder.</summary>
    /// <returns>A number for each piece: another one than before means that it was loaded anew.</returns>
    /// <exception cref="GrainCallException">A piece cannot be loaded.</exception>
    public async Task<long[]> HoldAsync(string holder, long version, ModelPiece[] pieces, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            // Before any of them is loaded, so that nobody takes away meanwhile what is there already.
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

    /// <summary>Drops all holders but these and those of later routes, and every piece that no holder is left for.</summary>
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

    /// <summary>What is held and was done.</summary>
    public HoldingReport Report()
    {
        string[] holders;
        lock (_gate)
        {
            holders = [.. _holders.Keys.Order(StringComparer.Ordinal)];
        }

        Parts? parts = _parts;
        return new HoldingReport(
            Settings.Name, holders, parts?.Device.WeightBytes ?? 0, parts?.KvBytes ?? 0, Sessions.Count, parts?.Stage.ExpertTokens.ToArray() ?? [], parts?.Stage.Steps ?? 0);
    }

    /// <summary>Ends the device's thread and frees everything. Calls that come later fail.</summary>
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
                PreparedPiece prepared = await Task.Run(() => parts.Device.Prepare(piece, parts.LoadPool, cancellationToken), cancellationToken);
                await parts.RunAsync(() => parts.Device.Install(prepared));
                _incarnations[piece] = Random.Shared.NextInt64(1, long.MaxValue);
            }

            HostLog.Loaded(_logger, holder, pieces.Length, parts.Device.WeightBytes);
        }
        catch (Exception fault) when (fault is ModelException or IOException or OutOfMemoryException)
        {
            HostLog.LoadFailed(_logger, holder, fault);
            throw new GrainCallException($"{holder} cannot be loaded: {fault.Message}");
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

    /// <summary>What a shard or expert group needs, and since which route.</summary>
    private sealed record Holder(long Version, ModelPiece[] Pieces);

    /// <summary>What exists once the model is opened.</summary>
    internal sealed class Parts : IDisposable
    {
        public Parts(ModelSettings settings)
        {
            Device = ModelDevice.Open(settings.Directory, settings.Options);
            LoadPool = new WorkerPool(settings.Options.Threads, pin: false);
            Thread = new DeviceThread($"hunyuan-device {settings.Name}", settings.Options.PinThreads ? Device.Pool.PinCaller : null);
            Stage = new Stage(this);
            Experts = Device.Config.HasExperts ? new ExpertStage(this) : null;
        }

        public ModelDevice Device { get; }

        public WorkerPool LoadPool { get; }

        public DeviceThread Thread { get; }

        public Stage Stage { get; }

        public ExpertStage? Experts { get; }

        public long KvBytes => Enumerable.Range(0, Device.Config.KvGroups)
            .Count(group => Device.Holds(ModelPiece.Attention(group * Device.Config.ClaFactor))) * Device.Cache.BlockBytes * Device.Cache.Blocks;

        /// <summary>Runs something between two jobs of steps.</summary>
        public async Task RunAsync(Action work) => await new DeviceJob(work).RunAsync(Thread);

        public void Dispose()
        {
            Thread.Dispose();
            Stage.Dispose();
            Experts?.Dispose();
            LoadPool.Dispose();
            Device.Dispose();
        }
    }
}
