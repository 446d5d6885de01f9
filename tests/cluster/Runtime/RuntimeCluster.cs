using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;

namespace HunyuanOrleans.Cluster.Tests.Runtime;

/// <summary>A cluster for the tests of Orleans' own behaviour, with the services that their grains need.</summary>
internal static class RuntimeCluster
{
    public static Task<TestCluster> StartAsync(int silos, ClusterSetup? setup = null) => TestCluster.StartAsync(silos, new ClusterSetup(
        (number, silo) =>
        {
            silo.Services.AddPlacementDirector<ZonePlacement, ZoneDirector>();
            silo.Services.AddSingleton<SiloName>();
            setup?.Silo?.Invoke(number, silo);
        },
        setup?.Client));
}
