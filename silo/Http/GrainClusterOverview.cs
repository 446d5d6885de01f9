using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Server.Cluster;
using HunyuanOrleans.Silo.Clustering;

namespace HunyuanOrleans.Silo.Http;

/// <summary>Collects the state of the cluster from its grains: the model's scheduler reports the plan, and each silo reports itself.</summary>
internal sealed class GrainClusterOverview(IServiceProvider services, HunyuanSiloOptions options, SiloState silo) : IClusterOverview
{
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(2);

    private readonly ModelSettings? _model = options.Models.FirstOrDefault();
    private ModelConfig? _config;

    /// <inheritdoc/>
    public async ValueTask<ClusterOverview?> ReadAsync(CancellationToken cancellationToken)
    {
        if (_model is null || !silo.Active)
        {
            return null;
        }

        IGrainFactory grains = services.GetRequiredService<IGrainFactory>();
        ModelConfig config = _config ??= ModelConfig.Load(_model.Directory);
        ModelReport report = await AskAsync(grains.GetGrain<IModelGrain>(_model.Name), cancellationToken);
        (SiloOverview Silo, long[] Tokens)[] silos = await Task.WhenAll(report.Silos.Select(name => AskAsync(grains, report, name, cancellationToken)));
        long[] tokens = config.HasExperts ? new long[config.Layers * config.Experts] : [];
        foreach ((_, long[] own) in silos)
        {
            for (int i = 0; i < Math.Min(own.Length, tokens.Length); i++)
            {
                tokens[i] += own[i];
            }
        }

        return new ClusterOverview(config.Layers, config.Experts, tokens, [.. silos.Select(static s => s.Silo)])
        {
            FirstExpertLayer = config.HasExperts ? config.FirstMoeLayer : 0,
            ExpertsPerToken = config.HasExperts ? config.TopK(config.Layers - 1) : 1,
            PlanVersion = report.Version,
            PlanChanges = report.Switches,
            Retries = report.Retries,
            Readiness = GatewayReadiness.Of(report.Card.Problem, report.Card.Loading),
        };
    }

    private async Task<ModelReport> AskAsync(IModelGrain model, CancellationToken cancellationToken)
    {
        try
        {
            return await model.ReportAsync().WaitAsync(ResponseTimeout, cancellationToken);
        }
        catch (Exception fault) when (TransientErrors.IsTransient(fault, cancellationToken))
        {
            throw new TimeoutException($"The scheduler of model {_model!.Name} did not answer.", fault);
        }
    }

    private async Task<(SiloOverview Silo, long[] Tokens)> AskAsync(
        IGrainFactory grains, ModelReport report, string name, CancellationToken cancellationToken)
    {
        LayerRange[] layers = [.. report.Stages.Select(PinnedKey.Parse).Where(key => key.Silo == name).Select(static key => key.Layers)];
        ExpertRange[] experts = [.. report.Groups.Select(PinnedKey.Parse).Where(key => key.Silo == name).Select(static key => key.Experts)];
        SiloOverview overview = new(name, layers, experts) { RunsScheduler = report.SchedulerSilo == name, LeftOut = report.LeftOut.GetValueOrDefault(name) };
        ISiloGrain grain = grains.GetGrain<ISiloGrain>(PinnedKey.OfSilo(name).ToString());
        try
        {
            Task<SiloDescription> description = grain.DescribeAsync();
            HoldingReport? holding = (await grain.ReportAsync().WaitAsync(ResponseTimeout, cancellationToken)).Models
                .FirstOrDefault(held => held.Model == _model!.Name);
            overview = overview with
            {
                Leaving = (await description.WaitAsync(ResponseTimeout, cancellationToken)).Leaving,
                BytesLeft = holding?.Device?.LoadingBytesLeft ?? 0,
                WeightBytes = holding?.WeightBytes ?? 0,
                KvBytes = holding?.KvBytes ?? 0,
                Sessions = holding?.Sessions ?? 0,
                Steps = holding?.Steps ?? 0,
            };
            return (overview, holding?.ExpertTokens ?? []);
        }
        catch (Exception fault) when (TransientErrors.IsTransient(fault, cancellationToken))
        {
            return (overview with { Unreachable = true }, []);
        }
    }
}
