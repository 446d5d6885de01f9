using HunyuanOrleans.Engine;
using HunyuanOrleans.Grains.Execution;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Grains.Models;

/// <summary>What a model's scheduler is made of, on the silo of its grain: route keeper, executor, engine. It does not know requests' owners.</summary>
internal sealed class ModelRuntime : IAsyncDisposable
{
    private readonly ModelSettings _settings;
    private readonly ModelConfig _config;
    private readonly RouteManager _keeper;
    private readonly ClusterExecutor _executor;
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenRegistration _siloEnds;
    private readonly ExpertLoadMonitor _loads;
    private readonly bool _hasText;
    private int _disposed;

    public ModelRuntime(ModelSettings settings, ModelConfig config, RouteManager keeper, ClusterExecutor executor, InferenceEngine engine, ExpertLoadMonitor loads, CancellationToken siloEnded)
    {
        _settings = settings;
        _config = config;
        _keeper = keeper;
        _executor = executor;
        Engine = engine;
        _loads = loads;
        _hasText = engine.HasText;

        // A silo that was killed or cut off must not go on scheduling: its grain is elsewhere by now.
        _siloEnds = siloEnded.UnsafeRegister(static home => _ = ((ModelRuntime)home!).DisposeAsync().AsTask(), this);
    }

    public InferenceEngine Engine { get; }

    /// <summary>Cancelled when this scheduler ends: its answers go on elsewhere.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>True once another scheduler has taken over.</summary>
    public bool Superseded => _keeper.Superseded;

    public ClusterExecutor Executor => _executor;

    public ModelCard Card() => new(_settings.Name, _config.VocabSize, _config.MaxPositions, [.. _settings.Engine.EosIds], _config.Experts, _hasText, _keeper.Problem);

    public ModelReport Report(string silo)
    {
        Route? route = _keeper.Current;
        return new ModelReport(
            Card(),
            silo,
            _keeper.ActiveSilos,
            _keeper.Epoch,
            route?.Version ?? 0,
            route?.Keys ?? [],
            route is null ? [] : [.. route.Groups.Select(static group => group.ToString())],
            StatisticsMessage.Of(Engine.GetStatistics()),
            _executor.Retries,
            _executor.Switches);
    }

    public Task<bool> LeaveAsync(string silo, CancellationToken cancellationToken) => _keeper.LeaveAsync(silo, InForce, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _stopping.CancelAsync();
        await _siloEnds.DisposeAsync();
        await Engine.DisposeAsync();
        await _loads.DisposeAsync();
        await _keeper.DisposeAsync();
    }

    // While nothing runs no step will take the latest route into force; then it counts as if it were.
    private Route? InForce() => Engine.GetStatistics() is { Running: 0, Waiting: 0 } ? null : _executor.InForce;
}
