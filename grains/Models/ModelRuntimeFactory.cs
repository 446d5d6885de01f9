using HunyuanOrleans.Engine;
using HunyuanOrleans.Grains.Adapters;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Execution;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Text.Streaming;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Grains.Models;

/// <summary>Creates the schedulers of a silo's models.</summary>
public sealed class ModelRuntimeFactory(
    ModelHosts hosts,
    ModelTexts texts,
    HunyuanSiloOptions options,
    SiloLifetime lifetime,
    IGrainFactory grains,
    IClusterMembershipService membership,
    SiloAnnouncements announcements,
    ILocalSiloDetails silo,
    ILoggerFactory loggers,
    TimeProvider time)
{
    /// <summary>Creates and starts the scheduler of a model.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="superseded">Called once another scheduler has taken over; null for nothing.</param>
    internal async Task<ModelRuntime> StartAsync(string model, Action? superseded = null)
    {
        ModelHost host = hosts.Get(model);
        ModelSettings settings = host.Settings;
        ModelConfig config = host.Config;
        settings = settings with { Engine = settings.Engine with { EosIds = settings.Engine.EosIds.Count > 0 ? settings.Engine.EosIds : config.EosTokenIds } };
        ILogger logger = loggers.CreateLogger<ModelGrain>();
        ITokenText? text = texts.Find(model);
        ClusterView view = new(grains, membership, announcements, time);
        RouteState state = new();
        RoutePreparer preparer = new(grains, model, ModelPieces.PoolOf(settings.Options));
        AdapterDirectory adapters = new(model, view, logger, time, options.StepDeadline);
        RoutePlanner planner = new(settings, config, silo.Name, options.MinSilos, view, preparer, adapters, state, logger, time);
        RouteManager routes = new(model, planner, state, view, options.PlanDelay, logger, time);
        adapters.PlanWanted = routes.Wake;
        ClusterExecutor executor = new(settings, config, options, routes, state, grains, logger, time);
        InferenceEngine engine = InferenceEngine.Start(executor, settings.Engine, text, time, loggers.CreateLogger<InferenceEngine>());
        ExpertLoadMonitor loads = new(model, config, view, routes, options.RebalanceInterval, time);
        ModelRuntime runtime = new(settings, config, routes, executor, engine, loads, adapters);
        await runtime.StartAsync(superseded, lifetime.Ended);
        return runtime;
    }
}
