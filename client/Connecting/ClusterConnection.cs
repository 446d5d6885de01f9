using System.Net;
using HunyuanOrleans.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;

namespace HunyuanOrleans.Client.Connecting;

/// <summary>A connection to a cluster over the network, by Orleans' own client: it finds gateways, and reconnects when one is gone.</summary>
internal static class ClusterConnection
{
    // Gateways that did not answer are tried again after this long.
    private static readonly TimeSpan GatewayRefresh = TimeSpan.FromSeconds(5);

    /// <summary>Adds it; the host connects while it starts.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="options">Where the cluster is.</param>
    /// <exception cref="HunyuanException">A gateway cannot be found.</exception>
    public static void Add(IServiceCollection services, HunyuanClientOptions options)
    {
        services.AddLogging();
        services.AddOrleansClient(client =>
        {
            AddPlace(client, options);
            client.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (options.ClusterId, options.ServiceId));
            client.Configure<ClientMessagingOptions>(o => o.ResponseTimeout = options.ResponseTimeout);
            client.Configure<GatewayOptions>(static o => o.GatewayListRefreshPeriod = GatewayRefresh);
            client.Services.AddSingleton<IClientConnectionRetryFilter>(provider =>
                new ConnectPatience(options.ConnectTimeout, provider.GetService<TimeProvider>() ?? TimeProvider.System));
            options.Connection?.Invoke(client);
        });
    }

    private static void AddPlace(IClientBuilder client, HunyuanClientOptions options)
    {
        if (options.Postgres is { } postgres)
        {
            client.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = ("Npgsql", postgres));
        }
        else if (options.Redis is { } redis)
        {
            client.UseRedisClustering(o => o.ConfigurationOptions = StackExchange.Redis.ConfigurationOptions.Parse(redis));
        }
        else
        {
            IPEndPoint[] gateways = [.. options.Gateways.SelectMany(static gateway => GatewayAddress.Parse(gateway).Resolve())];
            client.UseStaticClustering(gateways);
        }
    }
}
