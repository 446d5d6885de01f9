using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Clustering.Redis;
using Orleans.Configuration;

namespace HunyuanOrleans.Client.Connecting;

/// <summary>
/// Adds Orleans' own client, which finds gateways and reconnects when a gateway is lost. The kind of clustering is chosen at registration; all values
/// are read from <see cref="IOptions{TOptions}"/> of <see cref="HunyuanClientOptions"/> when the host starts.
/// </summary>
internal static class ClusterClientServiceCollectionExtensions
{
    // A gateway that did not respond is tried again after this time.
    private static readonly TimeSpan GatewayRefreshPeriod = TimeSpan.FromSeconds(5);

    /// <summary>Adds the client. The host connects it at start.</summary>
    /// <param name="services">The services.</param>
    /// <param name="options">Selects the kind of clustering.</param>
    public static IServiceCollection AddClusterClient(this IServiceCollection services, HunyuanClientOptions options)
    {
        services.AddLogging();
        if (options.Gateways.Count > 0)
        {
            services.AddHostedService<GatewayCheck>();
        }

        return services.AddOrleansClient(client =>
        {
            UseClustering(client, options);
            Configure<ClusterOptions>(client, static (o, hunyuan) => (o.ClusterId, o.ServiceId) = (hunyuan.ClusterId, hunyuan.ServiceId));
            Configure<ClientMessagingOptions>(client, static (o, hunyuan) => o.ResponseTimeout = hunyuan.ResponseTimeout);
            Configure<GatewayOptions>(client, static (o, _) => o.GatewayListRefreshPeriod = GatewayRefreshPeriod);
            client.Services.AddSingleton<IClientConnectionRetryFilter>(static provider => new ConnectRetryPolicy(
                provider.GetRequiredService<IOptions<HunyuanClientOptions>>().Value.ConnectTimeout,
                provider.GetRequiredService<TimeProvider>()));
            client.UseClusterTls();
            options.Connection?.Invoke(client);
        });
    }

    private static void UseClustering(IClientBuilder client, HunyuanClientOptions options)
    {
        if (options.Postgres is not null)
        {
            client.UseAdoNetClustering(static (AdoNetClusteringClientOptions o) => o.Invariant = "Npgsql");
            Configure<AdoNetClusteringClientOptions>(client, static (o, hunyuan) => o.ConnectionString = hunyuan.Postgres);
        }
        else if (options.Redis is not null)
        {
            client.UseRedisClustering(static (RedisClusteringOptions _) => { });
            Configure<RedisClusteringOptions>(client, static (o, hunyuan) => o.ConfigurationOptions = RedisConfiguration.Parse(hunyuan.Redis!));
        }
        else
        {
            client.UseStaticClustering(static (StaticGatewayListProviderOptions _) => { });
            Configure<StaticGatewayListProviderOptions>(client, static (o, hunyuan) => o.Gateways =
                [.. hunyuan.Gateways.SelectMany(static gateway => GatewayAddress.Parse(gateway).Resolve()).Select(static endpoint => endpoint.ToGatewayUri())]);
        }
    }

    private static void Configure<T>(IClientBuilder client, Action<T, HunyuanClientOptions> configure)
        where T : class =>
        client.Services.AddOptions<T>().Configure<IOptions<HunyuanClientOptions>>((o, hunyuan) => configure(o, hunyuan.Value));
}
