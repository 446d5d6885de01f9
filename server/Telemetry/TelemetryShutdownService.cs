using Microsoft.Extensions.Hosting;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace HunyuanOrleans.Server.Telemetry;

/// <summary>Sends the metrics, traces and logs that are not yet sent when the host stops, and ends their export.</summary>
/// <param name="metrics">The metrics.</param>
/// <param name="traces">The traces.</param>
/// <param name="logs">The logs; null if they are not sent.</param>
/// <param name="timeout">How long sending may take. A collector that is gone or slow must not delay the stop.</param>
internal sealed class TelemetryShutdownService(MeterProvider metrics, TracerProvider traces, LoggerProvider? logs, TimeSpan timeout) : IHostedService
{
    private readonly int _milliseconds = (int)timeout.TotalMilliseconds;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.WhenAll(
        // Not the host's token: its time may be over, and this ends soon by itself. Disposing the providers does not send again.
        Task.Run(() => metrics.Shutdown(_milliseconds), CancellationToken.None),
        Task.Run(() => traces.Shutdown(_milliseconds), CancellationToken.None),
        Task.Run(() => logs?.Shutdown(_milliseconds), CancellationToken.None));
}
