using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;
using Polly;

namespace HunyuanOrleans.Grains.Execution;

/// <summary>
/// Turns a partition plan into a route: has silos drop what they do not need any more, loads the missing weights while the current route is in use, and
/// sends routers the expert table.
/// </summary>
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

    /// <summary>Prepares a plan. The first failure ends it, whatever other silos still load.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="epoch">Epoch of the scheduler.</param>
    /// <param name="version">Version of the new route.</param>
    /// <param name="kept">Returns the keys of the shards and expert groups on a silo that stay until the new route is in use.</param>
    /// <param name="loading">Receives how far loading is.</param>
    /// <param name="cancellationToken">Abandons the plan. Silos may go on loading what was begun.</param>
    /// <exception cref="SiloLoadException">A silo cannot load its share.</exception>
    /// <exception cref="StaleStepException">Another scheduler has taken over.</exception>
    /// <exception cref="Exception">A silo has gone meanwhile, or an unexpected error.</exception>
    public async Task<Route> PrepareAsync(
        PartitionPlan plan, long epoch, long version, Func<string, string[]> kept, RouteLoading loading, CancellationToken cancellationToken)
    {
        (RouteStage[] stages, PinnedKey[] groups) = Places(plan);
        using CancellationTokenSource attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Dictionary<string, Task> reserved = stages.Select(static stage => stage.Key).Concat(groups).GroupBy(static key => key.Silo)
            .ToDictionary(static silo => silo.Key, silo => ReserveAsync(silo.Key, epoch, version, [.. silo.Select(static key => key.ToString())], kept(silo.Key), attempt.Token));
        Task<RouteStage>[] shards = [.. stages.Select(stage => LoadAsync(stage, reserved[stage.Key.Silo], epoch, version, loading, attempt.Token))];
        await WhenAllOrFirstFaultAsync([.. shards, .. groups.Select(group => LoadAsync(group, reserved[group.Silo], epoch, version, loading, attempt.Token))], attempt);
        RouterTable table = new(version, [.. groups.Select(static group => group.ToString())]) { Epoch = epoch };
        await WhenAllOrFirstFaultAsync(
            [.. stages.Select(stage => CallAsync(stage.Key.Silo, () => grains.GetGrain<IRouterGrain>(stage.Key.ToString()).SetTableAsync(table), attempt.Token))], attempt);
        return new Route(version, plan, await Task.WhenAll(shards), groups);
    }

    // Loading takes minutes: after a failure it must not be waited for, and its calls end.
    private static async Task WhenAllOrFirstFaultAsync(Task[] calls, CancellationTokenSource attempt)
    {
        try
        {
            await foreach (Task call in Task.WhenEach(calls))
            {
                await call;
            }
        }
        catch
        {
            await attempt.CancelAsync();
            await Task.WhenAll(calls).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    private async Task ReserveAsync(string silo, long epoch, long version, string[] next, string[] kept, CancellationToken cancellationToken)
    {
        ISiloGrain grain = grains.GetGrain<ISiloGrain>(PinnedKey.OfSilo(silo).ToString());
        bool isReserved = false;
        while (!isReserved)
        {
            await CallAsync(silo, async () => isReserved = await grain.ReserveAsync(model, epoch, version, next, kept), cancellationToken);
        }
    }

    private async Task<RouteStage> LoadAsync(
        RouteStage stage, Task reserved, long epoch, long version, RouteLoading loading, CancellationToken cancellationToken)
    {
        await reserved;
        ShardState state = null!;
        await LoadAsync(stage.Key, async () => (state = await stage.Grain.LoadAsync(epoch, version, pool)).Load, loading, cancellationToken);
        return stage with { Incarnations = state.Incarnations };
    }

    private async Task LoadAsync(PinnedKey group, Task reserved, long epoch, long version, RouteLoading loading, CancellationToken cancellationToken)
    {
        await reserved;
        IExpertGroupGrain grain = grains.GetGrain<IExpertGroupGrain>(group.ToString());
        await LoadAsync(group, () => grain.LoadAsync(epoch, version), loading, cancellationToken);
    }

    // Each call waits a moment on the silo, so that a lost silo is noticed however long loading takes.
    private async Task LoadAsync(PinnedKey key, Func<Task<LoadState>> call, RouteLoading loading, CancellationToken cancellationToken)
    {
        LoadState state = null!;
        do
        {
            await CallAsync(key.Silo, async () => state = await call(), cancellationToken);
            loading.Report(key, state);
        }
        while (!state.IsLoaded);
    }

    private async Task CallAsync(string silo, Func<Task> call, CancellationToken cancellationToken)
    {
        try
        {
            await _calls.ExecuteAsync(async token => await call().WaitAsync(token), cancellationToken);
        }
        catch (GrainCallException fault) when (fault is not StaleStepException)
        {
            throw new SiloLoadException(silo, fault.Message);
        }
    }
}

/// <summary>A silo cannot load the share that the plan gives it.</summary>
internal sealed class SiloLoadException(string silo, string message) : Exception(message)
{
    /// <summary>Name of the silo.</summary>
    public string Silo { get; } = silo;
}
