using HunyuanOrleans.Silo.Settings;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Silo.Hosting;

/// <summary>Says when the silo is up and when it stops, and ends the process where stopping takes longer than it may.</summary>
/// <param name="lifetime">Tells of start and stop.</param>
/// <param name="options">How long stopping may take.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where it says so.</param>
internal sealed partial class ShutdownMonitor(
    IHostApplicationLifetime lifetime, IOptions<SiloSettings> options, TimeProvider time, ILogger<ShutdownMonitor> logger) : IHostedService, IDisposable
{
    // Services that were told that time is up get a moment to say so before the process ends under them.
    private static readonly TimeSpan LastMoment = TimeSpan.FromSeconds(2);

    private ITimer? _end;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStarted.Register(() => LogStarted(options.Value.Urls));
        lifetime.ApplicationStopping.Register(() =>
        {
            double grace = options.Value.ShutdownGraceSeconds;
            LogStopping(grace);
            _end = time.CreateTimer(_ => End(), null, TimeSpan.FromSeconds(grace) + LastMoment, Timeout.InfiniteTimeSpan);
        });
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _end?.Dispose();

    private void End()
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
