using HunyuanOrleans.Client.Connecting;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Client;

/// <summary>Registers the client of a cluster.</summary>
public static class HunyuanClientServiceCollectionExtensions
{
    /// <summary>
    /// Adds a <see cref="HunyuanClient"/>, which is also the <see cref="IChatClient"/>. At start, the host validates the options and throws an
    /// <see cref="OptionsValidationException"/> if one is wrong; then it connects, unless the options or the services have an
    /// <see cref="IClusterClient"/>.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">
    /// Sets the address of the cluster. It is called twice: now, because Orleans chooses its clustering at registration, and when the options are created.
    /// </param>
    public static IServiceCollection AddHunyuanClient(this IServiceCollection services, Action<HunyuanClientOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<HunyuanClientOptions>().Configure(configure).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<HunyuanClientOptions>, HunyuanClientOptionsValidator>());

        HunyuanClientOptions options = new();
        configure(options);
        if (options.ClusterClient is null && (options.Gateways.Count > 0 || options.Postgres is not null || options.Redis is not null))
        {
            services.AddClusterClient(options);
        }

        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(static provider =>
        {
            HunyuanClientOptions validated = provider.GetRequiredService<IOptions<HunyuanClientOptions>>().Value;
            IClusterClient cluster = validated.ClusterClient ?? provider.GetRequiredService<IClusterClient>();
            return new HunyuanClient(cluster, validated, provider.GetRequiredService<TimeProvider>());
        });
        services.AddSingleton<IChatClient>(static provider => provider.GetRequiredService<HunyuanClient>());
        return services;
    }
}
