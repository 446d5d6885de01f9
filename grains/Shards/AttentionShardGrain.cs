using System.Diagnostics;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Grains.Telemetry;
using HunyuanOrleans.Model.Parts;
using Orleans.Concurrency;

namespace HunyuanOrleans.Grains.Shards;

/// <inheritdoc cref="IAttentionShardGrain"/>
[GrainType("attentionshard"), Reentrant, KeepAlive, PinnedPlacement]
public sealed class AttentionShardGrain : Grain, IAttentionShardGrain
{
    private readonly string _key;
    private readonly LayerRange _layers;
    private readonly ModelHost _host;
    private readonly StepDeduplicator _steps;

    /// <summary>Creates a shard. Its weights may not be loaded yet.</summary>
    public AttentionShardGrain(ModelHosts hosts)
    {
        _key = this.GetPrimaryKeyString();
        PinnedKey key = PinnedKey.Parse(_key);
        _layers = key.Layers;
        _host = hosts.Get(key.Model);
        _steps = _host.StepsOf(_key);
    }

    /// <inheritdoc/>
    public async Task<ShardState> LoadAsync(long epoch, long version, KvPoolMessage pool)
    {
        _host.Enter(epoch);
        ModelPieces.CheckPool(_host, pool);
        long[] incarnations = await _host.HoldAsync(_key, epoch, version, ModelPieces.Of(_host.Config, _layers), CancellationToken.None);
        return new ShardState(incarnations[..ModelPieces.Groups(_host.Config, _layers)]);
    }

    /// <inheritdoc/>
    public Task<StepReply> ForwardAsync(StepMessage step, CancellationToken cancellationToken)
    {
        _host.Enter(step);
        return _steps.Enter(step.Epoch, step.Number, () => ComputeAsync(step, cancellationToken));
    }

    /// <inheritdoc/>
    public Task<StepPhase> PhaseAsync(long epoch, long number) => Task.FromResult(_steps.PhaseOf(epoch, number));

    private async Task<StepReply> ComputeAsync(StepMessage step, CancellationToken cancellationToken)
    {
        StepMessage next;
        using Activity? activity = GrainTelemetry.Start("hunyuan.stage");
        activity?.SetTag("hunyuan.shard", _key).SetTag("hunyuan.rows", step.Slices.Sum(static slice => slice.Count));
        await _host.StageLock.WaitAsync(cancellationToken);
        try
        {
            Stage stage = _host.Loaded.Stage;
            stage.Begin(step, _layers.FirstLayer, _layers.LastLayer, _host.Sessions);
            await stage.AdvanceAsync();
            while (stage.WaitingLayer >= 0)
            {
                await GrainFactory.GetGrain<IRouterGrain>(_key).DispatchAsync(step.Epoch, step.Number, step.Version, stage.WaitingLayer, cancellationToken);
                await stage.AdvanceAsync();
            }

            if (step.Stage == step.Stages.Length - 1)
            {
                return await stage.FinishAsync();
            }

            next = step with { Stage = step.Stage + 1, Tokens = [], Rows = stage.CopyRows() };
        }
        catch (MissingPieceException missing)
        {
            throw new NotLoadedException(missing.Message);
        }
        finally
        {
            await _host.SettleAsync();
            _host.StageLock.Release();
        }

        _steps.MarkForwarded(step.Epoch, step.Number);

        // The activity of this stage does not include the later stages.
        activity?.Stop();
        GrainTelemetry.StepSent(next.Rows!.Length);
        return await GrainFactory.GetGrain<IAttentionShardGrain>(next.Stages[next.Stage]).ForwardAsync(next, cancellationToken);
    }
}
