using HunyuanOrleans.Cluster.Tests.Runtime.Grains;
using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Runtime;

/// <summary>
/// The cluster of the tests of Orleans' own behaviour that neither add nor end silos: three silos, silo n in zone "zn". Tests use grains with keys
/// that no other test uses.
/// </summary>
[CollectionDefinition(nameof(RuntimeCluster))]
public sealed class RuntimeCluster : ICollectionFixture<RuntimeCluster>, IAsyncLifetime
{
    internal const int Silos = 3;

    private TestCluster? _cluster;

    internal IClusterClient Client => _cluster!.Client;

    public async Task InitializeAsync() => _cluster = await StartAsync(Silos);

    public async Task DisposeAsync() => await _cluster!.DisposeAsync();

    /// <summary>Starts another cluster of the same kind, for a test that adds or ends silos.</summary>
    internal static async Task<TestCluster> StartAsync(int silos, bool failsFast = false)
    {
        TestCluster cluster = await TestCluster.StartAsync(silos, new ClusterSetup
        {
            FailsFast = failsFast,
            ConfigureSilo = static (number, silo) =>
            {
                silo.UseSiloMetadata(new Dictionary<string, string> { [ZonePlacement.Zone] = $"z{number}" });
                silo.Services.AddPlacementDirector<ZonePlacement, ZonePlacementDirector>();
            },
        });

        // Silos learn each other's metadata some time after they have joined.
        await Wait.UntilAsync(() => cluster.Silos.All(silo => KnowsMetadata(cluster.ServicesOf(silo).GetRequiredService<ISiloMetadataCache>(), cluster.Silos)));
        return cluster;
    }

    private static bool KnowsMetadata(ISiloMetadataCache cache, IEnumerable<SiloAddress> silos) =>
        silos.All(silo => cache.GetSiloMetadata(silo).Metadata.ContainsKey(ZonePlacement.Zone));
}
