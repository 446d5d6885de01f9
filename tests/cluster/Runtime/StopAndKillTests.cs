using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;

namespace HunyuanOrleans.Cluster.Tests.Runtime;

public sealed class StopAndKillTests
{
    [Fact]
    public async Task Stopping_lets_calls_finish_and_the_next_go_elsewhere()
    {
        await using var cluster = await RuntimeCluster.StartAsync(2);
        var (grain, place) = await OnLastAsync(cluster);
        var before = await grain.WhereAsync();
        var gate = Gates.New();
        var held = grain.HoldAtAsync(gate);
        Assert.Equal(0, await grain.CancelledAsync());
        var stopping = cluster.StopSiloAsync(place);
        var next = Wait.RetryAsync(() => grain.WhereAsync());
        await Wait.RetryAsync(async () =>
        {
            await cluster.Client.GetGrain<ICounterGrain>("other").WhereAsync();
            return true;
        });
        Assert.False(held.IsCompleted);
        Gates.Open(gate);
        Assert.Equal(before.Activation, await held.WaitAsync(Wait.Limit));
        await stopping.WaitAsync(Wait.Limit);
        await next;
        Assert.NotEqual(place, (await Wait.RetryAsync(() => grain.WhereAsync())).Silo);
    }

    [Fact]
    public async Task Stopping_moves_grains_that_ask_for_it_with_their_state()
    {
        await using var cluster = await RuntimeCluster.StartAsync(2, Zones);
        var grains = Enumerable.Range(0, 20).Select(i => cluster.Client.GetGrain<IZoneGrain>($"z0/{i}")).ToArray();
        RequestContext.Set(IPlacementDirector.PlacementHintKey, cluster.Silos[^1]);
        foreach (var grain in grains) await grain.RememberAsync(grain.GetPrimaryKeyString());
        RequestContext.Clear();
        await cluster.StopSiloAsync(cluster.Silos[^1]);
        foreach (var grain in grains) Assert.Equal(grain.GetPrimaryKeyString(), await Wait.RetryAsync(() => grain.RecallAsync()));
    }

    [Fact]
    public async Task A_kill_fails_calls_and_loses_state_but_not_the_grain()
    {
        await using var cluster = await RuntimeCluster.StartAsync(2);
        var (grain, place) = await OnLastAsync(cluster);
        var before = await grain.WhereAsync();
        var held = grain.HoldAsync();
        Assert.Equal(0, await grain.CancelledAsync());
        await cluster.KillSiloAsync(place);
        var failed = await Record.ExceptionAsync(() => held.WaitAsync(Wait.Limit));
        // The in-memory transport has no socket to break, so the call may have to time out.
        Assert.True(failed is SiloUnavailableException or TimeoutException, $"{failed}");
        var after = await Wait.RetryAsync(() => grain.WhereAsync());
        Assert.NotEqual(before.Activation, after.Activation);
        Assert.NotEqual(place, after.Silo);
    }

    [Fact]
    public async Task A_silo_that_joins_takes_grains()
    {
        await using var cluster = await RuntimeCluster.StartAsync(1);
        var joined = await cluster.AddSiloAsync();
        RequestContext.Set(IPlacementDirector.PlacementHintKey, joined);
        var number = 0;
        await Wait.UntilAsync(async () => (await cluster.Client.GetGrain<ICounterGrain>($"new{number++}").WhereAsync()).Silo.Equals(joined));
        RequestContext.Clear();
    }

    private static readonly ClusterSetup Zones = new((_, silo) => silo.UseSiloMetadata(new Dictionary<string, string> { ["zone"] = "z0" }));

    private static async Task<(ICounterGrain Grain, SiloAddress Place)> OnLastAsync(TestCluster cluster)
    {
        var place = cluster.Silos[^1];
        RequestContext.Set(IPlacementDirector.PlacementHintKey, place);
        var grain = cluster.Client.GetGrain<ICounterGrain>("one");
        Assert.Equal(place, (await grain.WhereAsync()).Silo);
        RequestContext.Clear();
        return (grain, place);
    }
}
