using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Devices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Grains.Hosting;

/// <summary>
/// Calls the scheduler of each model of which this silo holds a part, whenever the membership changes and from time to time. If the scheduler's silo has died,
/// the call activates it on another one, which plans and loads although no request comes. Orleans sees to it that there is one.
/// </summary>
public sealed partial class SchedulerActivator(
    ModelHosts hosts, IGrainFactory grains, IClusterMembershipService membership, SiloLifetime lifetime, TimeProvider time, ILogger<SchedulerActivator> logger)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10), RetryPause = TimeSpan.FromSeconds(1), CallTimeout = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _wake = new(0, 1);

    /// <inheritdoc/>
    public override void Dispose()
    {
        _wake.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.Ended);
        try
        {
            await Task.WhenAll(WatchAsync(stop.Token), CallAsync(stop.Token));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // A host whose start has failed would report this as a crash of its own.
        }
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        await foreach (ClusterMembershipSnapshot _ in membership.MembershipUpdates.WithCancellation(cancellationToken))
        {
            if (_wake.CurrentCount == 0)
            {
                _wake.Release();
            }
        }
    }

    private async Task CallAsync(CancellationToken cancellationToken)
    {
        TimeSpan pause = Interval;
        while (true)
        {
            await _wake.WaitAsync(pause, cancellationToken);
            bool[] reached = lifetime.Leaving ? [] : await Task.WhenAll(
                hosts.All.Where(static host => host.IsLoaded).Select(host => ReachAsync(host.Settings.Name, cancellationToken)));
            pause = reached.Contains(false) ? RetryPause : Interval;
        }
    }

    /// <returns>False if the call should be made again soon.</returns>
    private async Task<bool> ReachAsync(string model, CancellationToken cancellationToken)
    {
        try
        {
            await grains.GetGrain<IModelGrain>(model).DescribeAsync().WaitAsync(CallTimeout, time, cancellationToken);
            return true;
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            // What is wrong with the scheduler's silo, such as a damaged file, must not end this one.
            bool transient = TransientErrors.IsTransient(fault);
            NotReached(logger, transient ? LogLevel.Debug : LogLevel.Warning, model, fault.Message);
            return !transient;
        }
    }

    [LoggerMessage(EventId = 310, Message = "The scheduler of model {Model} was not reached and is called again: {Reason}")]
    private static partial void NotReached(ILogger logger, LogLevel level, string model, string reason);
}
