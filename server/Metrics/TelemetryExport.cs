using HunyuanOrleans.Server.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace HunyuanOrleans.Server.Metrics;

/// <summary>Sends metrics and traces by OTLP where an endpoint is configured; else does nothing.</summary>
internal sealed class TelemetryExport(IOptions<ServerOptions> options, EngineGauges gauges, TimeProvider time) : BackgroundService
{
    // Half of OpenTelemetry's default export interval would do; engines answer in microseconds.
    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.OtlpEndpoint is not { Length: > 0 } endpoint)
        {
            return;
        }

        Uri address = new(endpoint);
        ResourceBuilder resource = ResourceBuilder.CreateDefault().AddService("hunyuan-server");
        using MeterProvider meters = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource)
            .AddMeter(ServerMeter.Name, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime")
            .AddOtlpExporter(otlp => otlp.Endpoint = address)
            .Build();
        using TracerProvider traces = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(resource)
            .AddSource(ServerMeter.Name, "Microsoft.AspNetCore")
            .AddOtlpExporter(otlp => otlp.Endpoint = address)
            .Build();
        using PeriodicTimer timer = new(Refresh, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await gauges.RefreshAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }
}
