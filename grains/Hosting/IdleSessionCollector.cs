using HunyuanOrleans.Grains.Devices;
using Microsoft.Extensions.Hosting;

namespace HunyuanOrleans.Grains.Hosting;

/// <summary>
/// Releases sessions that had no step for <see cref="HunyuanSiloOptions.SessionIdleTime"/>. Their scheduler died or lost track of them, and without this
/// their block tables would stay for ever.
/// </summary>
public sealed class IdleSessionCollector(HunyuanSiloOptions options, ModelHosts hosts, TimeProvider time) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(options.SessionIdleTime / 2, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                foreach (ModelHost host in hosts.All)
                {
                    host.Sessions.ReleaseIdle(options.SessionIdleTime);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // A host whose start has failed would report this as a crash of its own.
        }
    }
}
