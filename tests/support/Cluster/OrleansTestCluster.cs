using System.Globalization;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace HunyuanOrleans.TestSupport.Cluster;

internal sealed class TestCluster : ITestCluster
{
    public const bool KillsMayGoUnnoticed = true;

    // Calls that were on their way to a silo that ends get lost here: they are to time out well within Wait.Limit.
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(3);

    private readonly InProcessTestCluster _cluster;

    private TestCluster(InProcessTestCluster cluster) => _cluster = cluster;

    public IClusterClient Client => _cluster.Client;

    public IReadOnlyList<SiloAddress> Silos => [.. _cluster.Silos.OrderBy(s => NumberOf(s.Name)).Select(s => s.SiloAddress)];

    public static async Task<TestCluster> StartAsync(int silos, ClusterSetup? setup = null)
    {
        var builder = new InProcessTestClusterBuilder((short)silos);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((options, silo) =>
        {
            TestDefaults.Apply(silo);
            silo.Configure<ClusterMembershipOptions>(o =>
            {
                o.ProbeTimeout = TimeSpan.FromMilliseconds(250);
                o.NumMissedProbesLimit = 2;
                o.NumVotesForDeathDeclaration = 1;
            });
            silo.Configure<SiloMessagingOptions>(o => o.ResponseTimeout = ResponseTimeout);
            setup?.Silo?.Invoke(NumberOf(options.SiloName), silo);
        });
        builder.ConfigureClient(client =>
        {
            client.Configure<ClientMessagingOptions>(o => o.ResponseTimeout = ResponseTimeout);
            setup?.Client?.Invoke(client);
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return new(cluster);
    }

    public async Task<SiloAddress> AddSiloAsync() => (await _cluster.StartAdditionalSiloAsync()).SiloAddress;

    public string NameOf(SiloAddress silo) => Find(silo).Name;

    public Task StopSiloAsync(SiloAddress silo) => _cluster.StopSiloAsync(Find(silo));

    public Task KillSiloAsync(SiloAddress silo) => _cluster.KillSiloAsync(Find(silo));

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    // Silos start side by side: their names tell their order, the moments at which they are configured do not.
    private static int NumberOf(string name) => int.Parse(name.AsSpan(name.LastIndexOf('_') + 1), CultureInfo.InvariantCulture);

    private InProcessSiloHandle Find(SiloAddress silo) => _cluster.Silos.Single(s => s.SiloAddress.Equals(silo));
}
