using HunyuanOrleans.Cluster.Tests.Runtime.Grains;
using Orleans.Runtime;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Runtime;

/// <summary>Placement directors, and placement on the caller's silo.</summary>
[Collection(nameof(RuntimeCluster))]
public sealed class PlacementTests(RuntimeCluster cluster)
{
    [Fact]
    public async Task A_director_places_by_key_and_metadata()
    {
        List<SiloAddress> silos = [];
        for (int zone = 0; zone < RuntimeCluster.Silos; zone++)
        {
            silos.Add((await cluster.Client.GetGrain<IZoneGrain>($"z{zone}/a").LocateAsync()).Silo);
            Assert.Equal(silos[^1], (await cluster.Client.GetGrain<IZoneGrain>($"z{zone}/b").LocateAsync()).Silo);
        }

        Assert.Equal(RuntimeCluster.Silos, silos.Distinct().Count());
    }

    [Fact]
    public async Task An_exception_of_the_director_reaches_the_caller()
    {
        IZoneGrain grain = cluster.Client.GetGrain<IZoneGrain>("nowhere/a");
        InvalidOperationException failure = await Assert.ThrowsAsync<InvalidOperationException>(() => grain.LocateAsync());
        Assert.Equal("No silo is in zone nowhere.", failure.Message);
    }

    [Fact]
    public async Task Local_placement_is_on_the_callers_silo()
    {
        for (int i = 0; i < 6; i++)
        {
            IZoneGrain caller = cluster.Client.GetGrain<IZoneGrain>($"z{i % RuntimeCluster.Silos}/caller");
            Assert.Equal((await caller.LocateAsync()).Silo, (await caller.LocateLocalAsync($"local{i}")).Silo);
        }
    }
}
