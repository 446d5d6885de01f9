using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;
using Orleans.Concurrency;

namespace HunyuanOrleans.Grains.Devices;

/// <inheritdoc cref="ISiloGrain"/>
[Reentrant, KeepAlive, PinnedPlacement]
public sealed class SiloGrain(ModelHosts hosts, HunyuanSiloOptions options, SiloLife life, ILocalSiloDetails silo) : Grain, ISiloGrain
{
    /// <inheritdoc/>
    public Task PingAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public Task<SiloDescription> DescribeAsync() => Task.FromResult(new SiloDescription(options.Announcement(silo.Name), life.Leaving));

    /// <inheritdoc/>
    public Task<SiloReport> ReportAsync() => Task.FromResult(new SiloReport(silo.Name, [.. hosts.All.Select(static host => host.Report())]));

    /// <inheritdoc/>
    public Task RetainAsync(string model, long epoch, long version, string[] holders)
    {
        ModelHost host = hosts.Get(model);
        host.Enter(epoch);
        return host.RetainAsync(version, holders);
    }
}
