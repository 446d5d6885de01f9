using HunyuanOrleans.Server.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace HunyuanOrleans.Server.Telemetry;

/// <summary>Adds the export of metrics, traces and logs to an OpenTelemetry collector, for every host of a model.</summary>
public static class TelemetryServiceCollectionExtensions
{
    private const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    // OpenTelemetry merges the series of an instrument beyond its limit into one. The default of 2,000 is too low for one series per
    // expert: 32 layers of 64 experts are 2,048. This allows 128 layers of 128 experts and takes about 2 MB, allocated at once.
    private const int ExpertSeriesLimit = 16384;

    private static readonly string[] Meters = ["HunyuanOrleans.*", "Microsoft.Orleans", "Microsoft.AspNetCore.*", "System.Runtime"];
    private static readonly string[] Sources = ["HunyuanOrleans.*", "Microsoft.Orleans.Application", "Microsoft.AspNetCore"];

    /// <summary>Adds the export if the options or OTEL_EXPORTER_OTLP_ENDPOINT name a collector; otherwise adds nothing.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="options">What is sent, and where to.</param>
    public static IServiceCollection AddHunyuanTelemetry(this IServiceCollection services, TelemetryOptions options)
    {
        if (string.IsNullOrEmpty(options.OtlpEndpoint) && string.IsNullOrEmpty(Environment.GetEnvironmentVariable(EndpointVariable)))
        {
            return services;
        }

        OpenTelemetryBuilder telemetry = services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(options.ServiceName, serviceInstanceId: options.ServiceInstanceId))
            .WithMetrics(metrics => metrics
                .AddMeter(Meters)
                .AddView(ExpertMetrics.TokensName, new MetricStreamConfiguration { CardinalityLimit = ExpertSeriesLimit })
                .AddOtlpExporter(SetEndpoint))
            .WithTracing(traces => traces.AddSource(Sources).AddOtlpExporter(SetEndpoint));
        if (options.OtlpLogs)
        {
            telemetry.WithLogging(
                logs => logs.AddOtlpExporter(SetEndpoint),
                records => (records.IncludeFormattedMessage, records.IncludeScopes) = (true, true));
        }

        services.AddHostedService<MetricsRefreshService>();

        // Services stop in reverse order: as the first, it stops after all that record telemetry.
        services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(provider => new TelemetryShutdownService(
            provider.GetRequiredService<MeterProvider>(),
            provider.GetRequiredService<TracerProvider>(),
            provider.GetService<LoggerProvider>(),
            options.ShutdownTimeout)));
        return services;

        // An endpoint that is set here replaces the one of the environment. The exporter of logs is built before the host's options are
        // validated, so a malformed endpoint is no error here: the validation reports it.
        void SetEndpoint(OtlpExporterOptions exporter) =>
            exporter.Endpoint = TelemetryOptions.ParseEndpoint(options.OtlpEndpoint) ?? exporter.Endpoint;
    }
}
