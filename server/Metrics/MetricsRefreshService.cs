using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Server.Metrics;

/// <summary>
/// Refreshes the metrics of engine and experts for exporters, which read them without a refresh. A refresh that fails leaves the previous values: it must
/// not end the host.
/// </summary>
internal sealed partial class MetricsRefreshService(
    EngineMetrics engine, ExpertMetrics experts, TimeProvider time, ILogger<MetricsRefreshService> logger) : BackgroundService
{
    // Exporters send every 10 to 60 seconds.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await RefreshAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task RefreshAsync(CancellationToken cancellationToken)
    {
        try
        {
            await engine.RefreshAsync(cancellationToken);
            await experts.RefreshAsync(cancellationToken);
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            NotRefreshed(fault.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The metrics of engine and experts were not refreshed: {Reason}")]
    private partial void NotRefreshed(string reason);
}
