using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Devices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Grains.Hosting;

/// <summary>
/// Hands a silo's share over to other silos when the process is told to stop. It begins together with the draining of HTTP, and the silo goes on taking
/// calls until it is done or its grace is over. A silo that is stopped with a cancelled token hands nothing over.
/// </summary>
public sealed partial class ShareHandover(
    HunyuanSiloOptions options,
    ModelHosts hosts,
    SiloLifetime lifetime,
    IGrainFactory grains,
    ILocalSiloDetails silo,
    IHostApplicationLifetime application,
    TimeProvider time,
    ILogger<ShareHandover> logger)
    : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    // Stages stop in descending order. At the stage Active the gateway stops accepting messages from clients, so this one must come before it.
    private const int Stage = ServiceLifecycleStage.Active + 1;

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _cancellation = new();
    private CancellationTokenRegistration _stopping;
    private Task? _handover;

    /// <inheritdoc/>
    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(nameof(ShareHandover), Stage, StartAsync, StopAsync);

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopping.Dispose();
        _cancellation.Dispose();
    }

    private Task StartAsync(CancellationToken cancellationToken)
    {
        _stopping = application.ApplicationStopping.Register(() => Begin());
        return Task.CompletedTask;
    }

    private async Task StopAsync(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            lifetime.End();
            await _cancellation.CancelAsync();
            hosts.Dispose();
            return;
        }

        using CancellationTokenRegistration link = cancellationToken.UnsafeRegister(static c => ((CancellationTokenSource)c!).Cancel(), _cancellation);
        await Begin();
    }

    // A silo that has ended already was killed, and hands nothing over.
    private Task Begin()
    {
        lock (_gate)
        {
            return _handover ??= lifetime.Ended.IsCancellationRequested ? Task.CompletedTask : Task.Run(HandOverAsync);
        }
    }

    private async Task HandOverAsync()
    {
        lifetime.Leaving = true;
        await Task.WhenAll(hosts.All.Where(static host => host.IsLoaded).Select(host => LeaveAsync(host.Settings.Name, HandoverTime.Of(host.ShareLoadTime, options))));
    }

    private async Task LeaveAsync(string model, HandoverTime handover)
    {
        if (handover is { IsTooShort: true, Needed: { } needed })
        {
            TooShort(logger, silo.Name, handover.Wait.TotalSeconds, model, Math.Ceiling(needed.TotalSeconds));
        }

        using CancellationTokenSource grace = new(handover.Wait, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(grace.Token, _cancellation.Token);
        CancellationToken cancellationToken = either.Token;
        try
        {
            bool? spared = null;
            while (spared is null)
            {
                spared = await grains.GetGrain<IModelGrain>(model).LeaveAsync(silo.Name, cancellationToken).WaitAsync(cancellationToken);
            }

            Left(logger, silo.Name, model, spared.Value);
        }
        catch (Exception fault) when (fault is OperationCanceledException || TransientErrors.IsTransient(fault))
        {
            NotHandedOver(logger, silo.Name, model, fault.Message);
        }
    }

    [LoggerMessage(300, LogLevel.Information, "Silo {Silo} is leaving; model {Model} goes on without it: {Spared}.")]
    private static partial void Left(ILogger logger, string silo, string model, bool spared);

    [LoggerMessage(301, LogLevel.Warning, "Silo {Silo} leaves without having handed over its part of model {Model}: {Reason}")]
    private static partial void NotHandedOver(ILogger logger, string silo, string model, string reason);

    [LoggerMessage(302, LogLevel.Warning, "Silo {Silo} may wait {Limit:0} seconds for others to load its part of model {Model}, which takes about {Needed} seconds. Its shutdown grace is too short.")]
    private static partial void TooShort(ILogger logger, string silo, double limit, string model, double needed);
}
