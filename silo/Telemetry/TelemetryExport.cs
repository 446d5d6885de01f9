using HunyuanOrleans.Silo.Clustering;
using HunyuanOrleans.Silo.Settings;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace HunyuanOrleans.Silo.Telemetry;

/// <summary>
/// Sends metrics and traces to an OpenTelemetry collector, where one is named in the settings or by OTEL_EXPORTER_OTLP_ENDPOINT. It does not know
/// what is measured: it takes the sources by name.
/// </summary>
internal sealed class TelemetryExport : IHostedService, IDisposable
{
    private const string StandardVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private static readonly string[] Meters = ["HunyuanOrleans.*", "Microsoft.Orleans", "Microsoft.AspNetCore.*", "System.Runtime"];
    private static readonly string[] Sources = ["HunyuanOrleans.*", "Microsoft.Orleans.Application", "Microsoft.AspNetCore"];

    private readonly MeterProvider _meters;
    private readonly TracerProvider _traces;

    private TelemetryExport(Uri? endpoint, SiloSettings settings)
    {
        ResourceBuilder resource = ResourceBuilder.CreateDefault().AddService("hunyuan-silo", serviceInstanceId: SiloShare.Name(settings));
        _meters = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter(Meters).AddOtlpExporter(SetEndpoint).Build();
        _traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource(Sources).AddOtlpExporter(SetEndpoint).Build();

        void SetEndpoint(OtlpExporterOptions options) => options.Endpoint = endpoint ?? options.Endpoint;
    }

    /// <summary>Adds the export where a collector is named.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="settings">The settings.</param>
    public static void AddTo(IServiceCollection services, SiloSettings settings)
    {
        Uri? endpoint = settings.OtlpEndpoint is { Length: > 0 } named ? new(named) : null;
        if (endpoint is not null || Environment.GetEnvironmentVariable(StandardVariable) is { Length: > 0 })
        {
            services.AddHostedService(_ => new TelemetryExport(endpoint, settings));
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // Flushing waits for the collector, which may be gone: not longer than stopping may take.
    public Task StopAsync(CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            const int Milliseconds = 1000;
            _meters.ForceFlush(Milliseconds);
            _traces.ForceFlush(Milliseconds);
        }, cancellationToken);

    public void Dispose()
    {
        _meters.Dispose();
        _traces.Dispose();
    }
}
