using HunyuanOrleans.Engine;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Execution;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Text.Streaming;
using Microsoft.Extensions.Logging;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace HunyuanOrleans.Grains.Models;

/// <summary>Makes the schedulers of a silo's models.</summary>
public sealed class ModelRuntimes(
    ModelHosts hosts,
    ModelTexts texts,
    HunyuanSiloOptions options,
    SiloLifetime life,
    IGrainFactory grains,
    IClusterMembershipService membership,
    ISiloMetadataCache metadata,
    ILoggerFactory loggers,
    TimeProvider time)
{
    /// <summary>A scheduler for a model.</summary>
    internal ModelRuntime Create(string model)
    {
        ModelHost host = hosts.Get(model);
        ModelSettings settings = host.Settings;
        ModelConfig config = host.Config;
        settings = settings with { Engine = settings.Engine with { EosIds = settings.Engine.EosIds.Count > 0 ? settings.Engine.EosIds : config.EosTokenIds } };
        ILogger logger = loggers.CreateLogger<ModelGrain>();
        ITokenText? text = texts.Find(model);
        ClusterView view = new(grains, membership, metadata, time);
        RoutePreparer preparation = new(grains, model, ModelPieces.PoolOf(settings.Options));
        string isa = (settings.Options.Isa ?? InstructionSets.Choose()).ToString();
        RouteManager keeper = new(settings, config, options, isa, view, preparation, membership, logger, time);
        ClusterExecutor executor = new(settings, config, options, keeper, grains, logger, time);
        InferenceEngine engine = new(executor, settings.Engine, text, time, loggers.CreateLogger<InferenceEngine>());
        ExpertLoadMonitor loads = new(model, config, view, keeper, options.RebalanceInterval, time);
        return new ModelRuntime(settings, config, keeper, executor, engine, loads, life.Ended);
    }
}
