using HunyuanOrleans.Client;
using HunyuanOrleans.Contracts;
using Orleans.Configuration;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>Connects clients to a cluster of silo processes.</summary>
internal static class ClusterConnection
{
    // Silos may take long to start. Cancellation ends the attempt.
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromDays(1);

    // In a drill, silos come and go within seconds. With a longer period, all known gateways could be gone.
    private static readonly TimeSpan GatewayRefreshPeriod = TimeSpan.FromSeconds(1);

    /// <summary>Connects to a cluster.</summary>
    /// <param name="membership">The database with the membership table; null uses a single gateway instead.</param>
    /// <param name="gatewayPort">The port of that gateway on the loopback address.</param>
    /// <param name="cluster">The id of the cluster and of the service.</param>
    /// <param name="cancellationToken">Cancels connecting.</param>
    /// <param name="configure">Configures the Orleans client further.</param>
    /// <exception cref="HunyuanException">The cluster cannot be reached.</exception>
    public static Task<HunyuanClient> OpenAsync(
        ClusterMembership? membership, int gatewayPort, string cluster, CancellationToken cancellationToken, Action<IClientBuilder>? configure = null) =>
        HunyuanClient.ConnectAsync(
            options =>
            {
                switch (membership?.Kind)
                {
                    case null:
                        options.Gateways.Add($"127.0.0.1:{gatewayPort}");
                        break;
                    case MembershipKind.Postgres:
                        options.Postgres = membership.ConnectionString;
                        break;
                    default:
                        options.Redis = membership.ConnectionString;
                        break;
                }

                (options.ClusterId, options.ServiceId) = (cluster, cluster);
                options.ConnectTimeout = ConnectTimeout;
                options.Connection = client =>
                {
                    client.Configure<GatewayOptions>(static o => o.GatewayListRefreshPeriod = GatewayRefreshPeriod);
                    configure?.Invoke(client);
                };
            },
            cancellationToken);
}
