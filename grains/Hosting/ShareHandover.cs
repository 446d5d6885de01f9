using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Devices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Grains.Hosting;

/// <summary>
/// Hands a silo's share over before the silo stops, and ends what runs on the device when it has. A silo that is killed skips the first.
/// </summary>
public sealed partial class ShareHandover(
    HunyuanSiloOptions options, ModelHosts hosts, SiloLifetime life, IGrainFactory grains, ILocalSiloDetails silo, TimeProvider time, ILogger<ShareHandover> logger)
    : IHostedService
{
    private CancellationTokenSource? _sweep;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _sweep = new CancellationTokenSource();
        _ = SweepAsync(_sweep.Token);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_sweep is not null)
        {
            await _sweep.CancelAsync();
        }

        if (cancellationToken.IsCancellationRequested)
        {
            life.End();
            hosts.Dispose();
            return;
        }

        life.Leaving = true;
        using CancellationTokenSource grace = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using CancellationTokenSource limit = new(options.LeaveGrace, time);
        using CancellationTokenRegistration link = limit.Token.UnsafeRegister(static g => ((CancellationTokenSource)g!).Cancel(), grace);
        await Task.WhenAll(hosts.All.Where(static host => host.IsLoaded).Select(host => LeaveAsync(host.Settings.Name, grace.Token)));
    }

    private async Task LeaveAsync(string model, CancellationToken cancellationToken)
    {
        try
        {
            bool spared = await grains.GetGrain<IModelGrain>(model).LeaveAsync(silo.Name, cancellationToken).WaitAsync(cancellationToken);
            Left(logger, silo.Name, model, spared);
        }
        catch (Exception fault) when (fault is OperationCanceledException || TransientErrors.IsTransient(fault))
        {
            NotHandedOver(logger, silo.Name, model, fault.Message);
        }
    }

    // Sessions whose scheduler forgot them, or died, would else keep their tables for ever.
    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        try
        {
            using PeriodicTimer timer = new(options.SessionIdleTime / 2, time);
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                foreach (ModelHost host in hosts.All)
                {
                    host.Sessions.ReleaseIdle(options.SessionIdleTime);
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    [LoggerMessage(300, LogLevel.Information, "Silo {Silo} is leaving; model {Model} goes on without it: {Spared}.")]
    private static partial void Left(ILogger logger, string silo, string model, bool spared);

    [LoggerMessage(301, LogLevel.Warning, "Silo {Silo} leaves without having handed over its part of model {Model}: {Reason}")]
    private static partial void NotHandedOver(ILogger logger, string silo, string model, string reason);
}
