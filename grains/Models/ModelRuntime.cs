using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Engine;
using HunyuanOrleans.Grains.Adapters;
using HunyuanOrleans.Grains.Execution;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Grains.Models;

/// <summary>The scheduler of a model on the silo of its grain: route manager, executor and engine. It does not know who sends requests.</summary>
internal sealed class ModelRuntime(
    ModelSettings settings,
    ModelConfig config,
    RouteManager routes,
    ClusterExecutor executor,
    InferenceEngine engine,
    ExpertLoadMonitor loads,
    AdapterDirectory adapters)
    : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly bool _hasText = engine.HasText;
    private CancellationTokenRegistration _siloEnded;
    private int _disposed;

    /// <summary>Answers requests.</summary>
    public InferenceEngine Engine => engine;

    /// <summary>The adapters that requests can name.</summary>
    public AdapterDirectory Adapters => adapters;

    /// <summary>Cancelled when this scheduler ends. Its answers then continue on another silo.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Runs the engine's steps on the cluster.</summary>
    public ClusterExecutor Executor => executor;

    /// <summary>Starts to plan.</summary>
    /// <param name="superseded">Called once another scheduler has taken over; null for nothing. The runtime ends then.</param>
    /// <param name="siloEnded">
    /// Cancelled when the silo has ended. A silo that was killed or cut off must not go on scheduling: its grain has been activated elsewhere.
    /// </param>
    public async Task StartAsync(Action? superseded, CancellationToken siloEnded)
    {
        await routes.StartAsync();
        await loads.StartAsync();
        _ = EndWhenSupersededAsync(superseded);
        _siloEnded = siloEnded.UnsafeRegister(static runtime => _ = ((ModelRuntime)runtime!).DisposeAsync().AsTask(), this);
    }

    /// <summary>The properties of the model.</summary>
    public ModelCard Card() => new(
        settings.Name, config.VocabSize, config.MaxPositions, [.. settings.Engine.EosIds], config.Experts, _hasText, routes.Problem)
    {
        Loading = routes.Loading?.Progress,
        AdapterVersion = Adapters.Version,
    };

    /// <summary>The state of the model.</summary>
    /// <param name="silo">Name of the scheduler's silo.</param>
    public ModelReport Report(string silo)
    {
        Route? route = routes.Current;
        return new ModelReport
        {
            Card = Card(),
            SchedulerSilo = silo,
            Silos = routes.ActiveSilos,
            Epoch = routes.Epoch,
            Version = route?.Version ?? 0,
            Stages = route?.Keys ?? [],
            Groups = route is null ? [] : [.. route.Groups.Select(static group => group.ToString())],
            Statistics = StatisticsMessage.Of(engine.GetStatistics()),
            Retries = executor.Retries,
            Switches = executor.Switches,
            LeftOut = new Dictionary<string, string>(routes.LeftOut),
        };
    }

    /// <inheritdoc cref="RouteManager.LeaveAsync"/>
    public Task<bool> LeaveAsync(string silo, CancellationToken cancellationToken) => routes.LeaveAsync(silo, RouteInUse, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _stopping.CancelAsync();
        await _siloEnded.DisposeAsync();
        await engine.DisposeAsync();
        await loads.DisposeAsync();
        await routes.DisposeAsync();
    }

    // Answers must not wait here for a step that no silo accepts: they continue with the scheduler that has taken over.
    private async Task EndWhenSupersededAsync(Action? superseded)
    {
        await routes.Superseded.ConfigureAwait(false);
        superseded?.Invoke();
        await DisposeAsync();
    }

    // An idle engine runs no step that would switch to the latest route, so no route counts as in use.
    private Route? RouteInUse() => engine.GetStatistics() is { Running: 0, Waiting: 0 } ? null : executor.RouteInUse;
}
