using HunyuanOrleans.Server.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace HunyuanOrleans.Server.Metrics;

/// <summary>
/// Sends metrics and traces by OTLP where the options or OTEL_EXPORTER_OTLP_ENDPOINT name a collector; else does nothing. It takes what is
/// measured by the names of meters and sources.
/// </summary>
internal sealed class TelemetryExport(IOptions<ServerOptions> options) : IHostedService, IDisposable
{
    private const string StandardVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    // A collector that is gone may not hold up the end of the process.
    private const int FlushMilliseconds = 1000;

    private MeterProvider? _meters;
    private TracerProvider? _traces;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        Uri? endpoint = options.Value.OtlpEndpoint is { Length: > 0 } named ? new Uri(named) : null;
        if (endpoint is null && Environment.GetEnvironmentVariable(StandardVariable) is not { Length: > 0 })
        {
            return Task.CompletedTask;
        }

        ResourceBuilder resource = ResourceBuilder.CreateDefault().AddService("hunyuan-server");
        _meters = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource)
            .AddMeter("HunyuanOrleans.*", "Microsoft.AspNetCore.*", "System.Runtime")
            .AddOtlpExporter(SetEndpoint)
            .Build();
        _traces = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(resource)
            .AddSource("HunyuanOrleans.*", "Microsoft.AspNetCore")
            .AddOtlpExporter(SetEndpoint)
            .Build();
        return Task.CompletedTask;

        void SetEndpoint(OtlpExporterOptions exporter) => exporter.Endpoint = endpoint ?? exporter.Endpoint;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            _meters?.ForceFlush(FlushMilliseconds);
            _traces?.ForceFlush(FlushMilliseconds);
        },
        cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        _meters?.Dispose();
        _traces?.Dispose();
    }
}
