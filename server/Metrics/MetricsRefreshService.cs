using Microsoft.Extensions.Hosting;

namespace HunyuanOrleans.Server.Metrics;

/// <summary>Refreshes the metrics of engine and experts for exporters, which read them without a refresh.</summary>
internal sealed class MetricsRefreshService(EngineMetrics engine, ExpertMetrics experts, TimeProvider time) : BackgroundService
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
                await engine.RefreshAsync(stoppingToken);
                await experts.RefreshAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }
}
