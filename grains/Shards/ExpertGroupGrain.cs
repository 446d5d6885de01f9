using System.Diagnostics;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Adapters;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Grains.Telemetry;
using HunyuanOrleans.Model.Parts;
using Orleans.Concurrency;

namespace HunyuanOrleans.Grains.Shards;

/// <inheritdoc cref="IExpertGroupGrain"/>
[GrainType("expertgroup"), Reentrant, KeepAlive, PinnedPlacement]
public sealed class ExpertGroupGrain : Grain, IExpertGroupGrain
{
    private readonly PinnedKey _key;
    private readonly ModelHost _host;

    /// <summary>Creates a group. Its weights may not be loaded yet.</summary>
    public ExpertGroupGrain(ModelHosts hosts)
    {
        _key = PinnedKey.Parse(this.GetPrimaryKeyString());
        _host = hosts.Get(_key.Model);
    }

    /// <inheritdoc/>
    public async Task<LoadState> LoadAsync(long epoch, long version)
    {
        _host.Enter(epoch);
        (LoadState load, _) = await _host.HoldAsync(_key.ToString(), epoch, version, ModelPieces.Of(_host.Config, _key.Experts), ModelHost.MaxLoadWait);
        return load;
    }

    /// <inheritdoc/>
    public async Task<bool> LoadAdaptersAsync(AdapterMessage[] adapters, CancellationToken cancellationToken)
    {
        using StepAdapters? loaded = await _host.Adapters.AcquireWithinAsync(adapters, ModelHost.MaxLoadWait, cancellationToken);
        return loaded is not null;
    }

    /// <inheritdoc/>
    public async Task<ExpertReply> ForwardAsync(ExpertMessage message, CancellationToken cancellationToken)
    {
        using Activity? activity = GrainTelemetry.Start("hunyuan.experts");
        activity?.SetTag("hunyuan.group", _key.ToString()).SetTag("hunyuan.layer", message.Layer);
        StepAdapters? adapters = null;
        if (message.Adapters is { Length: > 0 } named)
        {
            // Rows do not wait here: they would count as a call on its way, and as a slow one.
            adapters = await _host.Adapters.AcquireWithinAsync(named, TimeSpan.Zero, cancellationToken);
            if (adapters is null)
            {
                return new ExpertReply(RowBytes.Empty) { IsLoading = true };
            }
        }

        using StepAdapters? held = adapters;
        await _host.ExpertLock.WaitAsync(cancellationToken);
        try
        {
            return await (_host.Loaded.Experts ?? throw new NotLoadedException($"Model {_key.Model} has no experts.")).RunAsync(message, adapters);
        }
        catch (MissingPieceException missing)
        {
            throw new NotLoadedException(missing.Message);
        }
        finally
        {
            _host.ExpertLock.Release();
        }
    }
}
