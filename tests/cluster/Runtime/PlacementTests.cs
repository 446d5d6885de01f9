using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;

namespace HunyuanOrleans.Cluster.Tests.Runtime;

public sealed class PlacementTests
{
    private static readonly ClusterSetup Zones = new((number, silo) => silo.UseSiloMetadata(new Dictionary<string, string> { ["zone"] = $"z{number}" }));

    [Fact]
    public async Task The_director_places_by_key_and_metadata()
    {
        await using var cluster = await RuntimeCluster.StartAsync(3, Zones);
        var places = new List<SiloAddress>();
        for (var zone = 0; zone < 3; zone++)
        {
            var grain = cluster.Client.GetGrain<IZoneGrain>($"z{zone}/a");
            places.Add(await Wait.RetryAsync(async () => (await grain.WhereAsync()).Silo));
            Assert.Equal(places[^1], (await cluster.Client.GetGrain<IZoneGrain>($"z{zone}/b").WhereAsync()).Silo);
        }
        Assert.Equal(3, places.Distinct().Count());
    }

    [Fact]
    public async Task A_hint_in_the_request_context_reaches_the_director()
    {
        await using var cluster = await RuntimeCluster.StartAsync(3, Zones);
        foreach (var silo in cluster.Silos)
        {
            RequestContext.Set(IPlacementDirector.PlacementHintKey, silo);
            Assert.Equal(silo, (await cluster.Client.GetGrain<IZoneGrain>($"none/{silo}").WhereAsync()).Silo);
        }
        RequestContext.Clear();
    }

    [Fact]
    public async Task What_the_director_throws_reaches_the_caller()
    {
        await using var cluster = await RuntimeCluster.StartAsync(1, Zones);
        var failed = await Assert.ThrowsAsync<InvalidOperationException>(() => cluster.Client.GetGrain<IZoneGrain>("nowhere/a").WhereAsync());
        Assert.Equal("No silo is in zone nowhere.", failed.Message);
    }

    [Fact]
    public async Task Local_placement_is_the_callers_silo()
    {
        await using var cluster = await RuntimeCluster.StartAsync(3, Zones);
        for (var i = 0; i < 6; i++)
        {
            var caller = cluster.Client.GetGrain<IZoneGrain>($"z{i % 3}/x");
            Assert.Equal((await caller.WhereAsync()).Silo, (await caller.NeighbourAsync($"local{i}")).Silo);
        }
    }

    [Fact]
    public async Task A_grain_moves_with_what_it_remembers()
    {
        await using var cluster = await RuntimeCluster.StartAsync(2, Zones);
        var grain = cluster.Client.GetGrain<IZoneGrain>("z0/a");
        var before = await grain.WhereAsync();
        await grain.RememberAsync("this");
        var target = cluster.Silos.Single(s => !s.Equals(before.Silo));
        await grain.MoveAsync(target);
        await Wait.UntilAsync(async () => (await grain.WhereAsync()).Silo.Equals(target));
        Assert.Equal("this", await grain.RecallAsync());
        Assert.NotEqual(before.Activation, (await grain.WhereAsync()).Activation);
    }

    [Fact]
    public async Task Membership_shows_the_silos_alive()
    {
        await using var cluster = await RuntimeCluster.StartAsync(2, Zones);
        var grain = cluster.Client.GetGrain<IZoneGrain>("z0/a");
        await Wait.UntilAsync(async () => (await grain.AliveAsync()).Length == 2);
        await cluster.AddSiloAsync();
        await Wait.UntilAsync(async () => (await grain.AliveAsync()).Length == 3);
        var other = cluster.Silos.First(s => !s.Equals(grain.WhereAsync().GetAwaiter().GetResult().Silo));
        await cluster.StopSiloAsync(other);
        await Wait.UntilAsync(async () => (await grain.AliveAsync()).Length == 2);
    }
}
