using System.Globalization;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace HunyuanOrleans.Cluster.Tests.Support;

/// <summary>How the cluster of a test is set up. Silos are numbered from 0 in the order in which they are added.</summary>
internal sealed record ClusterSetup(Action<int, ISiloBuilder>? Silo = null, Action<IClientBuilder>? Client = null);

/// <summary>
/// Orleans' in-process test cluster with the grain directory and the lease that silo processes have. Silos talk over an in-memory transport, so a
/// killed silo's threads live on and no socket breaks: tests of death, sockets and membership use silo processes.
/// </summary>
internal sealed class TestCluster : IAsyncDisposable
{
    // Calls that were on their way to a silo that was killed are lost on the in-memory transport: nothing but this limit ends them.
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(3);

    private readonly InProcessTestCluster _cluster;

    private TestCluster(InProcessTestCluster cluster) => _cluster = cluster;

    public IClusterClient Client => _cluster.Client;

    public IReadOnlyList<SiloAddress> Silos => [.. _cluster.Silos.OrderBy(s => NumberOf(s.Name)).Select(s => s.SiloAddress)];

    public static async Task<TestCluster> StartAsync(int silos, ClusterSetup? setup = null)
    {
        InProcessTestClusterBuilder builder = new((short)silos);
        builder.Options.ConfigureFileLogging = false;
#pragma warning disable ORLEANSEXP003 // The product uses the same experimental directory.
        builder.Options.UseDistributedGrainDirectory = true;
#pragma warning restore ORLEANSEXP003
        builder.ConfigureSilo((options, silo) =>
        {
            silo.Configure<GrainDirectoryOptions>(o => o.RangeLeaseDuration = TimeSpan.Zero);
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
        InProcessTestCluster cluster = builder.Build();
        await cluster.DeployAsync();
        return new TestCluster(cluster);
    }

    public async Task<SiloAddress> AddSiloAsync() => (await _cluster.StartAdditionalSiloAsync()).SiloAddress;

    public string NameOf(SiloAddress silo) => Find(silo).Name;

    public Task StopSiloAsync(SiloAddress silo) => _cluster.StopSiloAsync(Find(silo));

    public Task KillSiloAsync(SiloAddress silo) => _cluster.KillSiloAsync(Find(silo));

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    // Silos start concurrently: their order is in their names, not in the times at which they are configured.
    private static int NumberOf(string name) => int.Parse(name.AsSpan(name.LastIndexOf('_') + 1), CultureInfo.InvariantCulture);

    private InProcessSiloHandle Find(SiloAddress silo) => _cluster.Silos.Single(s => s.SiloAddress.Equals(silo));
}
