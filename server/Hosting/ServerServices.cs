using HunyuanOrleans.Server.Chat;
using HunyuanOrleans.Server.Cluster;
using HunyuanOrleans.Server.Completions;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Limits;
using HunyuanOrleans.Server.Metrics;
using HunyuanOrleans.Server.Page;
using HunyuanOrleans.Server.Tokens;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>Adds the server to a host. Kestrel and routing are the host's to add.</summary>
public static class ServerServices
{
    // For what comes after the last answer: closing connections, sending telemetry, freeing the model.
    private static readonly TimeSpan CleanupTime = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Adds the API's services. The host then maps it with <see cref="ServerEndpoints.MapHunyuanApi"/>, and someone puts the model into
    /// the <see cref="ModelSlot"/>: <see cref="AddLocalModel"/>, or whoever runs it elsewhere.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="section">The section <see cref="ServerOptions.Section"/> of the configuration; null for defaults.</param>
    /// <param name="configure">What outdoes the configuration; null for nothing.</param>
    public static IServiceCollection AddHunyuanServer(
        this IServiceCollection services, IConfiguration? section = null, Action<ServerOptions>? configure = null)
    {
        OptionsBuilder<ServerOptions> options = services.AddOptions<ServerOptions>();
        if (section is not null)
        {
            options.Configure(server => Bind(section, server));
        }

        if (configure is not null)
        {
            options.Configure(configure);
        }

        options.ValidateOnStart();
        services.AddSingleton<IValidateOptions<ServerOptions>, ServerOptionsValidator>();
        services.AddSingleton<IConfigureOptions<KestrelServerOptions>, KestrelLimits>();
        services.AddHostedService<ListenGuard>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddCors();
        services.AddMetrics();
        services.AddSingleton<ModelSlot>();
        services.AddSingleton<KeyRing>();
        services.AddSingleton<AccessGate>();
        services.AddSingleton<RequestIntake>();
        services.AddSingleton<Drain>();
        services.AddSingleton<AnswerRunner>();
        services.AddSingleton<ChatEndpoint>();
        services.AddSingleton<CompletionEndpoint>();
        services.AddSingleton<TokenizeEndpoint>();
        services.AddSingleton<ModelsEndpoint>();
        services.AddSingleton<HealthEndpoint>();
        services.AddSingleton<PageFiles>();
        services.AddSingleton<PageEndpoint>();
        services.AddSingleton<LocalClusterOverview>();
        // A host whose model runs elsewhere has its own, before or after this.
        services.TryAddSingleton<IClusterOverview>(provider => provider.GetRequiredService<LocalClusterOverview>());
        services.AddSingleton<ClusterEndpoint>();
        services.AddSingleton<ServerMeter>();
        services.AddSingleton<EngineGauges>();
        services.AddSingleton<ExpertGauges>();
        services.AddSingleton<PrometheusListener>();
        services.AddHostedService<GaugeRefresh>();
        return services;
    }

    /// <summary>
    /// Makes the host listen where <see cref="ServerOptions"/> say, stop as they say, and send telemetry where they say. Left out where
    /// the host has settings of its own for these.
    /// </summary>
    public static IServiceCollection AddHunyuanListener(this IServiceCollection services)
    {
        services.AddSingleton<ListenMark>();
        services.AddSingleton<IConfigureOptions<KestrelServerOptions>, KestrelSetup>();
        services.AddSingleton<IConfigureOptions<HostOptions>>(provider => new ConfigureOptions<HostOptions>(
            host => host.ShutdownTimeout = provider.GetRequiredService<IOptions<ServerOptions>>().Value.ShutdownTimeout + CleanupTime));
        return services.AddHostedService<TelemetryExport>();
    }

    private static void Bind(IConfiguration section, ServerOptions server)
    {
        try
        {
            // A misspelt setting could leave a server open that was meant to be closed.
            section.Bind(server, binder => binder.ErrorOnUnknownConfiguration = true);
        }
        catch (InvalidOperationException wrong)
        {
            throw new OptionsValidationException(nameof(ServerOptions), typeof(ServerOptions), [wrong.Message]);
        }
    }

    /// <summary>Loads a model into this process when the host starts and serves it.</summary>
    public static IServiceCollection AddLocalModel(this IServiceCollection services, LocalModelOptions model)
    {
        services.AddSingleton(model);
        return services.AddHostedService<LocalModelService>();
    }
}
