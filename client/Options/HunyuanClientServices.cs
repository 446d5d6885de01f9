using HunyuanOrleans.Client.Connecting;
using HunyuanOrleans.Contracts;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace HunyuanOrleans.Client;

/// <summary>The cluster's client as a service.</summary>
public static class HunyuanClientServices
{
    /// <summary>
    /// Adds a <see cref="HunyuanClient"/>, also as the <see cref="IChatClient"/>. Where it makes a connection of its own, the host connects while it
    /// starts.
    /// </summary>
    /// <param name="services">Where to.</param>
    /// <param name="configure">Says where the cluster is.</param>
    /// <exception cref="HunyuanException">An option is wrong; the message says which and what is allowed.</exception>
    public static IServiceCollection AddHunyuanClient(this IServiceCollection services, Action<HunyuanClientOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        HunyuanClientOptions options = new();
        configure(options);
        return services.AddHunyuanClient(options);
    }

    internal static IServiceCollection AddHunyuanClient(this IServiceCollection services, HunyuanClientOptions options)
    {
        bool connected = services.Any(static service => service.ServiceType == typeof(IClusterClient));
        options.Validate(connected);
        if (options.ClusterClient is null && (options.Gateways.Count > 0 || options.Postgres is not null || options.Redis is not null))
        {
            ClusterConnection.Add(services, options);
        }

        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new HunyuanClient(
            options.ClusterClient ?? provider.GetRequiredService<IClusterClient>(), options, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IChatClient>(static provider => provider.GetRequiredService<HunyuanClient>());
        return services;
    }
}
