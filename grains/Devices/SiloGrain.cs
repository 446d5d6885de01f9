using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Grains.Shards;
using HunyuanOrleans.Grains.Telemetry;
using Orleans.Concurrency;

namespace HunyuanOrleans.Grains.Devices;

/// <inheritdoc cref="ISiloGrain"/>
[GrainType("silo"), Reentrant, KeepAlive, PinnedPlacement]
public sealed class SiloGrain(
    ModelHosts hosts, LocalAnnouncement announcement, SiloLifetime lifetime, LongCall calls, SentTraffic traffic, ILocalSiloDetails silo, TimeProvider time) : Grain, ISiloGrain
{
    private const int MaxMeasuredBytes = 16 << 20, MaxMeasuredCalls = 2000;

    // Of all calls of a measurement: the silos' network has work to do.
    private const long MaxMeasuredTotal = 1L << 30;

    private bool _measuring;

    /// <inheritdoc/>
    /// <exception cref="GrainCallException">The key has more in it than the silo's name. Placement looks at the name alone, so clients could make any number of grains.</exception>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        string key = this.GetPrimaryKeyString(), own = PinnedKey.OfSilo(silo.Name).ToString();
        return key == own ? Task.CompletedTask : throw new GrainCallException($"\"{key}\" is no key of this silo's grain; allowed: \"{own}\".");
    }

    /// <inheritdoc/>
    public Task PingAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public Task<SiloDescription> DescribeAsync() => Task.FromResult(new SiloDescription(new Dictionary<string, string>(announcement.Values), lifetime.Leaving));

    /// <inheritdoc/>
    public Task<SiloReport> ReportAsync() => Task.FromResult(new SiloReport(silo.Name, [.. hosts.All.Select(static host => host.Report())], traffic.Report()));

    /// <inheritdoc/>
    public Task<byte[]> EchoAsync(byte[] bytes) => Task.FromResult(bytes);

    /// <inheritdoc/>
    public async Task<double> MeasureCallAsync(string silo, int bytes, int calls)
    {
        if (bytes is < 0 or > MaxMeasuredBytes || calls is < 1 or > MaxMeasuredCalls || (long)bytes * calls > MaxMeasuredTotal)
        {
            throw new GrainCallException(
                $"{calls} calls of {bytes} bytes cannot be measured; allowed: 1 to {MaxMeasuredCalls} calls of at most {MaxMeasuredBytes} bytes, {MaxMeasuredTotal} bytes in all.");
        }

        if (_measuring)
        {
            throw new GrainCallException("The silo is measuring calls already.");
        }

        _measuring = true;
        try
        {
            return await MeasureMedianAsync(silo, new byte[bytes], calls);
        }
        finally
        {
            _measuring = false;
        }
    }

    /// <inheritdoc/>
    public Task RetainAsync(string model, long epoch, long version, string[] holders)
    {
        ModelHost host = hosts.Get(model);
        host.Enter(epoch);
        return host.RetainAsync(epoch, version, holders);
    }

    /// <inheritdoc/>
    public async Task<bool> ReserveAsync(string model, long epoch, long version, string[] next, string[] kept)
    {
        ModelHost host = hosts.Get(model);
        host.Enter(epoch);
        Task reserved = host.ReserveAsync(epoch, version, next.ToDictionary(static key => key, key => ModelPieces.Of(host.Config, PinnedKey.Parse(key))), kept);
        if (!await calls.WaitAsync(reserved))
        {
            return false;
        }

        await reserved;
        return true;
    }

    /// <inheritdoc/>
    public Task<AdapterReport?> SyncAdaptersAsync(string model, AdapterRecord[] records) =>
        calls.WaitAsync(hosts.Get(model).Adapters.Agreement.SyncAsync(records), ModelHost.MaxLoadWait);

    /// <inheritdoc/>
    public Task<AdapterCheck?> CheckAdapterAsync(string model, AdapterRecord adapter) =>
        calls.WaitAsync(hosts.Get(model).Adapters.Agreement.CheckAsync(adapter), ModelHost.MaxLoadWait);

    private async Task<double> MeasureMedianAsync(string silo, byte[] payload, int calls)
    {
        ISiloGrain other = GrainFactory.GetGrain<ISiloGrain>(PinnedKey.OfSilo(silo).ToString());
        double[] seconds = new double[calls];
        for (int i = 0; i < calls; i++)
        {
            long started = time.GetTimestamp();
            await other.EchoAsync(payload);
            seconds[i] = time.GetElapsedTime(started).TotalSeconds;
        }

        Array.Sort(seconds);
        return seconds[calls / 2];
    }
}
