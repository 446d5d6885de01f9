using HunyuanOrleans.Server.Chat;
using HunyuanOrleans.Server.Cluster;
using HunyuanOrleans.Server.Completions;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Limits;
using HunyuanOrleans.Server.Messages;
using HunyuanOrleans.Server.Metrics;
using HunyuanOrleans.Server.Ollama;
using HunyuanOrleans.Server.Page;
using HunyuanOrleans.Server.Responses;
using HunyuanOrleans.Server.Telemetry;
using HunyuanOrleans.Server.Tokens;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>Adds the server to a host. The host itself adds Kestrel and routing.</summary>
public static class HunyuanServerServiceCollectionExtensions
{
    private const string ServiceName = "hunyuan-server";

    // Time for what follows the last answer: closing connections, freeing the model, sending the last telemetry.
    private static readonly TimeSpan CleanupTime = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Adds the API's services. The host then maps the API with <see cref="HunyuanServerEndpointExtensions.MapHunyuanApi"/> and sets the
    /// model of the <see cref="ModelSlot"/>, either with <see cref="AddLocalModel"/> or with a service of its own. The host's address,
    /// shutdown timeout and telemetry are its own; see <see cref="AddHunyuanServerHost"/>.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="section">The section <see cref="ServerOptions.Section"/> of the configuration; null for defaults.</param>
    /// <param name="configure">Changes options after the configuration was read; null for none.</param>
    public static IServiceCollection AddHunyuanServer(
        this IServiceCollection services, IConfiguration? section = null, Action<ServerOptions>? configure = null)
    {
        services.AddOptions<ServerOptions>().Configure(server => Apply(section, configure, server)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ServerOptions>, ServerOptionsValidator>();
        services.AddSingleton<IConfigureOptions<KestrelServerOptions>, KestrelLimitsSetup>();
        services.AddHostedService<ListenPolicy>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddCors();
        services.AddMetrics();
        services.AddSingleton<ModelSlot>();
        services.AddSingleton<ApiKeyStore>();
        services.AddSingleton<AccessPolicy>();
        services.AddSingleton<RequestReader>();
        services.AddSingleton<DrainService>();
        services.AddSingleton<GenerationHandler>();
        services.AddSingleton<ChatEndpoint>();
        services.AddSingleton<CompletionEndpoint>();
        services.AddSingleton<OllamaEndpoint>();
        services.AddSingleton<MessagesEndpoint>();
        services.AddSingleton<ResponseStore>();
        services.AddSingleton<ResponsesEndpoint>();
        services.AddSingleton<TokenizeEndpoint>();
        services.AddSingleton<TokenizerInfoEndpoint>();
        services.AddSingleton<ModelsEndpoint>();
        services.AddSingleton<HealthEndpoint>();
        services.AddSingleton<PrefixCacheEndpoint>();
        services.AddSingleton<AdaptersEndpoint>();
        services.AddSingleton<PageFiles>();
        services.AddSingleton<PageEndpoint>();
        services.AddSingleton<LocalClusterOverview>();
        // A host whose model runs elsewhere registers its own overview, before or after this.
        services.TryAddSingleton<IClusterOverview>(provider => provider.GetRequiredService<LocalClusterOverview>());
        services.AddSingleton<ClusterEndpoint>();
        services.AddSingleton<ServerMetrics>();
        services.AddSingleton<EngineMetrics>();
        services.AddSingleton<ExpertMetrics>();
        services.AddSingleton<VllmMetrics>();
        services.AddSingleton<PrometheusEndpoint>();
        return services;
    }

    /// <summary>
    /// Does what <see cref="AddHunyuanServer"/> does, and makes the host use <see cref="ServerOptions"/> for its address, its shutdown timeout
    /// and its telemetry.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="section">The section <see cref="ServerOptions.Section"/> of the configuration; null for defaults.</param>
    /// <param name="configure">Changes options after the configuration was read; null for none. It is called twice.</param>
    /// <exception cref="OptionsValidationException">The section is malformed.</exception>
    public static IServiceCollection AddHunyuanServerHost(
        this IServiceCollection services, IConfiguration? section = null, Action<ServerOptions>? configure = null)
    {
        services.AddHunyuanServer(section, configure);
        services.AddSingleton<IConfigureOptions<KestrelServerOptions>, KestrelListenSetup>();
        services.AddSingleton<IConfigureOptions<HostOptions>>(provider => new ConfigureOptions<HostOptions>(
            host => host.ShutdownTimeout = provider.GetRequiredService<IOptions<ServerOptions>>().Value.ShutdownTimeout + CleanupTime));

        // Telemetry needs the options now, since they decide which services are registered.
        ServerOptions options = new();
        Apply(section, configure, options);
        return services.AddHunyuanTelemetry(new TelemetryOptions
        {
            ServiceName = ServiceName,
            OtlpEndpoint = options.OtlpEndpoint,
            OtlpLogs = options.OtlpLogs,
            ShutdownTimeout = CleanupTime / 2,
        });
    }

    /// <summary>Adds a model that this process loads when the host starts, and serves.</summary>
    public static IServiceCollection AddLocalModel(this IServiceCollection services, LocalModelOptions model)
    {
        services.AddSingleton(model);
        services.AddSingleton<ModelWarmUp>();
        return services.AddHostedService<LocalModelService>();
    }

    private static void Apply(IConfiguration? section, Action<ServerOptions>? configure, ServerOptions server)
    {
        try
        {
            // Unknown settings are errors: a misspelt one could leave a server open that was meant to require keys.
            section?.Bind(server, binder => binder.ErrorOnUnknownConfiguration = true);
        }
        catch (InvalidOperationException error)
        {
            throw new OptionsValidationException(nameof(ServerOptions), typeof(ServerOptions), [error.Message]);
        }

        configure?.Invoke(server);
    }
}
