using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using StackExchange.Redis;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>An Orleans client of a cluster of silo processes.</summary>
internal sealed class ClusterConnection : IAsyncDisposable
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    private readonly ServiceProvider _services;

    private ClusterConnection(ServiceProvider services) => _services = services;

    /// <summary>The connected client.</summary>
    public IClusterClient Client => _services.GetRequiredService<IClusterClient>();

    /// <summary>Connects to a cluster.</summary>
    /// <param name="membership">The database with the membership table; null uses a single gateway instead.</param>
    /// <param name="gatewayPort">The port of that gateway on the loopback address.</param>
    /// <param name="cluster">The id of the cluster and of the service.</param>
    /// <param name="cancellationToken">Cancels connecting.</param>
    public static async Task<ClusterConnection> OpenAsync(ClusterMembership? membership, int gatewayPort, string cluster, CancellationToken cancellationToken)
    {
        ServiceCollection services = new();
        services.AddLogging();
        services.AddOrleansClient(client =>
        {
            _ = membership switch
            {
                null => client.UseStaticClustering(new IPEndPoint(IPAddress.Loopback, gatewayPort)),
                { Kind: MembershipKind.Postgres } => client.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = ("Npgsql", membership.ConnectionString)),
                _ => client.UseRedisClustering(o => o.ConfigurationOptions = ConfigurationOptions.Parse(membership.ConnectionString)),
            };
            client.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (cluster, cluster));

            // In a drill, silos come and go within seconds. With the default of a minute, all known gateways could be gone.
            client.Configure<GatewayOptions>(o => o.GatewayListRefreshPeriod = TimeSpan.FromSeconds(1));

            client.UseConnectionRetryFilter(static async (_, token) =>
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), token);
                return true;
            });
        });
        ClusterConnection connection = new(services.BuildServiceProvider());
        try
        {
            foreach (IHostedService hosted in connection._services.GetServices<IHostedService>())
            {
                await hosted.StartAsync(cancellationToken);
            }
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }

        return connection;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource timeout = new(StopTimeout);
        foreach (IHostedService hosted in _services.GetServices<IHostedService>().Reverse())
        {
            try
            {
                await hosted.StopAsync(timeout.Token).WaitAsync(timeout.Token);
            }
            catch (Exception fault) when (fault is OperationCanceledException or OrleansException or InvalidOperationException)
            {
                // The silos may have stopped already.
            }
        }

        await _services.DisposeAsync();
    }
}
