using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;
using Polly;

namespace HunyuanOrleans.Grains.Execution;

/// <summary>Turns a partition plan into a route: loads the missing weights while the current route is in use, and sends routers the expert table.</summary>
internal sealed class RoutePreparer(IGrainFactory grains, string model, KvPoolMessage pool)
{
    private readonly ResiliencePipeline _calls = RetryPolicies.ForPreparing();

    /// <summary>The attention shards of a plan in the order of their layers, and its expert groups.</summary>
    public (RouteStage[] Stages, PinnedKey[] Groups) Places(PartitionPlan plan)
    {
        RouteStage[] stages = [.. plan.Silos
            .SelectMany(silo => silo.Attention.Select(range => PinnedKey.Of(model, range, silo.Silo.Name)))
            .OrderBy(static key => key.Layers.FirstLayer)
            .Select(key => new RouteStage(key, grains.GetGrain<IAttentionShardGrain>(key.ToString())))];
        PinnedKey[] groups = [.. plan.Silos.SelectMany(silo => silo.Experts.Select(range => PinnedKey.Of(model, range, silo.Silo.Name))),
            .. plan.Silos.SelectMany(silo => silo.Replicas.Select(range => PinnedKey.Of(model, range, silo.Silo.Name)))];
        return (stages, groups);
    }

    /// <summary>Prepares a plan.</summary>
    /// <exception cref="SiloLoadException">A silo cannot load its share.</exception>
    /// <exception cref="Exception">A transient error: a silo has gone meanwhile.</exception>
    public async Task<Route> PrepareAsync(PartitionPlan plan, long epoch, long version, CancellationToken cancellationToken)
    {
        (RouteStage[] stages, PinnedKey[] groups) = Places(plan);
        Task<RouteStage[]> shards = Task.WhenAll(stages.Select(stage => LoadAsync(stage, epoch, version, cancellationToken)));
        await Task.WhenAll([shards, .. groups.Select(group => LoadAsync(group, epoch, version, cancellationToken))]);
        RouterTable table = new(version, [.. groups.Select(static group => group.ToString())]);
        await Task.WhenAll(stages.Select(stage => CallAsync(
            stage.Key, () => grains.GetGrain<IRouterGrain>(stage.Key.ToString()).SetTableAsync(table), cancellationToken)));
        return new Route(version, plan, await shards, groups);
    }

    private async Task<RouteStage> LoadAsync(RouteStage stage, long epoch, long version, CancellationToken cancellationToken)
    {
        ShardState state = new([]);
        await CallAsync(stage.Key, async () => state = await stage.Grain.LoadAsync(epoch, version, pool), cancellationToken);
        return stage with { Incarnations = state.Incarnations };
    }

    private Task LoadAsync(PinnedKey group, long epoch, long version, CancellationToken cancellationToken) =>
        CallAsync(group, () => grains.GetGrain<IExpertGroupGrain>(group.ToString()).LoadAsync(epoch, version), cancellationToken);

    private async Task CallAsync(PinnedKey key, Func<Task> call, CancellationToken cancellationToken)
    {
        try
        {
            await _calls.ExecuteAsync(async token => await call().WaitAsync(token), cancellationToken);
        }
        catch (GrainCallException fault) when (fault is not StaleStepException)
        {
            throw new SiloLoadException(key.Silo, fault.Message);
        }
    }
}

/// <summary>A silo cannot load the share that the plan gives it.</summary>
internal sealed class SiloLoadException(string silo, string message) : Exception(message)
{
    /// <summary>Name of the silo.</summary>
    public string Silo { get; } = silo;
}
