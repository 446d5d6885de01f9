using HunyuanOrleans.Silo.Settings;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Silo.Hosting;

/// <summary>Logs start and stop, and ends the process if stopping takes longer than the shutdown grace.</summary>
/// <param name="lifetime">Signals start and stop.</param>
/// <param name="options">The shutdown grace.</param>
/// <param name="phase">Ended when the silo is up.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed partial class ShutdownMonitor(
    IHostApplicationLifetime lifetime, IOptions<SiloSettings> options, StartPhase phase, TimeProvider time, ILogger<ShutdownMonitor> logger) : IHostedService, IDisposable
{
    // Services whose stop was cancelled at the end of the grace get this long to log and release what they hold.
    private static readonly TimeSpan CancellationGrace = TimeSpan.FromSeconds(2);

    private ITimer? _timer;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStarted.Register(() =>
        {
            phase.End();
            LogStarted(options.Value.Urls);
        });
        lifetime.ApplicationStopping.Register(() =>
        {
            double grace = options.Value.ShutdownGraceSeconds;
            LogStopping(grace);
            _timer = time.CreateTimer(_ => ExitProcess(), null, TimeSpan.FromSeconds(grace) + CancellationGrace, Timeout.InfiniteTimeSpan);
        });
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _timer?.Dispose();

    private void ExitProcess()
    {
        LogOverdue();
        Environment.Exit(SiloHost.Failed);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The silo is up; HTTP at {Urls}.")]
    private partial void LogStarted(string urls);

    [LoggerMessage(Level = LogLevel.Information, Message = "Stopping within {Seconds} seconds.")]
    private partial void LogStopping(double seconds);

    [LoggerMessage(Level = LogLevel.Critical, Message = "Stopping took too long; the process ends.")]
    private partial void LogOverdue();
}
