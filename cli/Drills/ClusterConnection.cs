using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>A client of a cluster of silo processes.</summary>
internal sealed class ClusterConnection : IAsyncDisposable
{
    private static readonly TimeSpan EndTime = TimeSpan.FromSeconds(5);

    private readonly ServiceProvider _services;

    private ClusterConnection(ServiceProvider services) => _services = services;

    /// <summary>Calls grains.</summary>
    public IClusterClient Client => _services.GetRequiredService<IClusterClient>();

    /// <summary>Connects.</summary>
    /// <param name="connectionString">Database with the list of silos; null where one gateway is all that is known.</param>
    /// <param name="gatewayPort">That gateway's port on the loopback.</param>
    /// <param name="cluster">Name of cluster and service.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<ClusterConnection> OpenAsync(string? connectionString, int gatewayPort, string cluster, CancellationToken cancellationToken)
    {
        ServiceCollection services = new();
        services.AddLogging();
        services.AddOrleansClient(client =>
        {
            _ = connectionString is null
                ? client.UseStaticClustering(new IPEndPoint(IPAddress.Loopback, gatewayPort))
                : client.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = ("Npgsql", connectionString));
            client.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (cluster, cluster));

            // Silos come and go by the second here: a minute, the default, is long enough to lose all gateways that are known.
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
        using CancellationTokenSource limit = new(EndTime);
        foreach (IHostedService hosted in _services.GetServices<IHostedService>().Reverse())
        {
            try
            {
                await hosted.StopAsync(limit.Token).WaitAsync(limit.Token);
            }
            catch (Exception fault) when (fault is OperationCanceledException or OrleansException or InvalidOperationException)
            {
                // The silos may be gone already.
            }
        }

        await _services.DisposeAsync();
    }
}
