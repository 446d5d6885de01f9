using System.Globalization;
using HunyuanOrleans.Grains.Access;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace HunyuanOrleans.Cluster.Tests.Support;

/// <summary>
/// Orleans' in-process test cluster with the grain directory and the lease that silo processes have. Silos talk over an in-memory transport, so a
/// killed silo's threads live on and no socket breaks: tests of death, sockets and membership use silo processes.
/// </summary>
internal sealed class TestCluster : IAsyncDisposable
{
    private readonly InProcessTestCluster _cluster;

    private TestCluster(InProcessTestCluster cluster) => _cluster = cluster;

    public IClusterClient Client => _cluster.Client;

    /// <summary>The client in a silo's own process, which may call what only silos may.</summary>
    public IClusterClient SiloClient => _cluster.Silos[0].ServiceProvider.GetRequiredService<IClusterClient>();

    /// <summary>The running silos, in the order in which they were added.</summary>
    public IReadOnlyList<SiloAddress> Silos => [.. _cluster.Silos.OrderBy(s => NumberOf(s.Name)).Select(s => s.SiloAddress)];

    public static async Task<TestCluster> StartAsync(int silos, ClusterSetup setup)
    {
        InProcessTestClusterBuilder builder = new((short)silos);
        builder.Options.ConfigureFileLogging = false;
#pragma warning disable ORLEANSEXP003 // The product uses the same experimental directory.
        builder.Options.UseDistributedGrainDirectory = true;
#pragma warning restore ORLEANSEXP003
        builder.ConfigureSilo((options, silo) =>
        {
            silo.Configure<GrainDirectoryOptions>(o => o.RangeLeaseDuration = TimeSpan.Zero);
            silo.Configure<SiloMessagingOptions>(o => o.ResponseTimeout = setup.ResponseTimeout);
            if (setup.FailsFast)
            {
                silo.Configure<ClusterMembershipOptions>(o =>
                {
                    o.ProbeTimeout = ClusterSetup.FastProbeTimeout;
                    o.NumMissedProbesLimit = ClusterSetup.FastMissedProbes;
                    o.NumVotesForDeathDeclaration = 1;
                });
            }

            // The test host's client waits for the membership with it.
            silo.Services.AddSingleton(new OpenedInterface("Orleans.Runtime.TestHooks.ITestHooks"));

            // The test host sets 30 s after this delegate has run. A slow machine may need longer to hand over a silo's share.
            silo.Services.PostConfigure<HostOptions>(o => o.ShutdownTimeout = Wait.Limit);
            setup.ConfigureSilo?.Invoke(NumberOf(options.SiloName), silo);
        });
        builder.ConfigureClient(client => client.Configure<ClientMessagingOptions>(o => o.ResponseTimeout = setup.ResponseTimeout));
        builder.ConfigureClient(client => setup.ConfigureClient?.Invoke(client));
        InProcessTestCluster cluster = builder.Build();
        await cluster.DeployAsync();
        return new TestCluster(cluster);
    }

    /// <summary>Makes a call again while it fails because a silo is gone.</summary>
    public static Task<T> RetryAsync<T>(Func<Task<T>> call) => Wait.UntilSucceedsAsync(
        call, static failure => failure is SiloUnavailableException or OrleansMessageRejectionException or TimeoutException);

    public async Task<SiloAddress> AddSiloAsync() => (await _cluster.StartAdditionalSiloAsync()).SiloAddress;

    public string NameOf(SiloAddress silo) => Find(silo).Name;

    public IServiceProvider ServicesOf(SiloAddress silo) => Find(silo).ServiceProvider;

    public Task StopSiloAsync(SiloAddress silo) => _cluster.StopSiloAsync(Find(silo));

    public Task KillSiloAsync(SiloAddress silo) => KillAsync(Find(silo));

    /// <summary>Ends the client, then all silos at once: nobody needs their shares any more, so none is handed over.</summary>
    public async ValueTask DisposeAsync()
    {
        await _cluster.StopClusterClientAsync();
        await Task.WhenAll(_cluster.Silos.Select(KillAsync));
        await _cluster.DisposeAsync();
    }

    // The test host kills a silo by stopping it with a cancelled token, which signals ApplicationStopping first. A silo that has ended hands nothing over.
    private Task KillAsync(InProcessSiloHandle silo)
    {
        silo.ServiceProvider.GetService<SiloLifetime>()?.End();
        return _cluster.KillSiloAsync(silo);
    }

    // Silos start concurrently: their order is in their names, not in the times at which they are configured.
    private static int NumberOf(string name) => int.Parse(name.AsSpan(name.LastIndexOf('_') + 1), CultureInfo.InvariantCulture);

    private InProcessSiloHandle Find(SiloAddress silo) => _cluster.Silos.Single(s => s.SiloAddress.Equals(silo));
}
