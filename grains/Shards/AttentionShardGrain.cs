using System.Diagnostics;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Adapters;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Hosting;
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
    private readonly HunyuanSiloOptions _options;
    private readonly LongCall _calls;
    private readonly SentTraffic _traffic;
    private readonly TimeProvider _time;

    // Rows are sent in parallel, outside of the grain's turns, where Grain.GrainFactory must not be used.
    private readonly IGrainFactory _grains;
    private IRouterGrain? _router;

    /// <summary>Creates a shard. Its weights may not be loaded yet.</summary>
    public AttentionShardGrain(ModelHosts hosts, HunyuanSiloOptions options, LongCall calls, SentTraffic traffic, IGrainFactory grains, TimeProvider time)
    {
        (_options, _calls, _traffic, _grains, _time) = (options, calls, traffic, grains, time);
        _key = this.GetPrimaryKeyString();
        PinnedKey key = PinnedKey.Parse(_key);
        _layers = key.Layers;
        _host = hosts.Get(key.Model);
    }

    /// <inheritdoc/>
    public async Task<ShardState> LoadAsync(long epoch, long version, KvPoolMessage pool)
    {
        _host.Enter(epoch);
        ModelPieces.CheckPool(_host, pool);
        (LoadState load, long[] incarnations) = await _host.HoldAsync(_key, epoch, version, ModelPieces.Of(_host.Config, _layers), ModelHost.MaxLoadWait);
        return new ShardState(load.IsLoaded ? incarnations[..ModelPieces.Groups(_host.Config, _layers)] : [], load);
    }

    /// <inheritdoc/>
    public Task<StepReply?> ForwardAsync(StepMessage step, CancellationToken cancellationToken)
    {
        StepRegistration registered = _host.Register(_key, step);
        if (registered.IsNew)
        {
            StepDeduplicator.Start(
                registered.Step,
                registered.Ending,
                static (call, token) => call.Grain.ComputeAsync(call.Step, call.Shard, token),
                (Grain: this, Step: step, registered.Shard));
        }

        return WaitAsync(step.Epoch, step.Number, registered.Shard.Steps, registered.Step.Reply, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<StepReply?> ResultAsync(long epoch, long number, CancellationToken cancellationToken)
    {
        StepDeduplicator steps = _host.StepsOf(_key).Steps;
        return WaitAsync(epoch, number, steps, steps.Find(epoch, number), cancellationToken);
    }

    /// <inheritdoc/>
    public Task TakeRowsAsync(StepRowsMessage rows)
    {
        _host.Enter(rows.Epoch);
        _host.StepsOf(_key).Rows.Add(rows);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<StepPhase> PhaseAsync(long epoch, long number) => Task.FromResult(_host.PhaseOf(_key, epoch, number));

    private async Task<StepReply?> WaitAsync(long epoch, long number, StepDeduplicator steps, Task<StepReply> reply, CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration abandoned = cancellationToken.UnsafeRegister(_ => steps.Cancel(epoch, number), null);
        return await _calls.WaitAsync(reply) ? await reply : null;
    }

    private async Task<StepReply> ComputeAsync(StepMessage step, ShardSteps own, CancellationToken cancellationToken)
    {
        (int FirstRow, RowBytes Rows)[] rows;
        using Activity? activity = GrainTelemetry.Start("hunyuan.stage");
        activity?.SetTag("hunyuan.shard", _key).SetTag("hunyuan.rows", step.RowCount);
        StagePool stages = _host.Loaded.Stages;
        StepAdapters? adapters = step.Adapters is { Length: > 0 } named ? await _host.Adapters.AcquireAsync(named, cancellationToken) : null;
        Stage stage = await TakeAsync(stages, adapters, cancellationToken);
        own.Begin(step.Epoch, step.Number, stage);
        _router ??= GrainFactory.GetGrain<IRouterGrain>(_key);
        try
        {
            stage.Begin(step, own.Rows, _layers.FirstLayer, _layers.LastLayer, _host.Sessions, _options.MessageBytes, adapters, cancellationToken);
            await stage.AdvanceAsync();
            while (stage.WaitingLayer >= 0)
            {
                // Experts may take longer than a call should: the same call is made again until their outputs are here.
                int layer = stage.WaitingLayer;
                while (!await _router.DispatchAsync(step.Epoch, step.Number, step.Version, layer))
                {
                }

                await stage.AdvanceAsync();
            }

            if (step.Stage == step.Stages.Length - 1)
            {
                return await stage.FinishAsync();
            }

            rows = stage.Outgoing;
        }
        catch (MissingPieceException missing)
        {
            throw new NotLoadedException(missing.Message);
        }
        finally
        {
            await stage.SettleAsync();
            own.End(step.Epoch, step.Number);
            stages.Return(stage);
            adapters?.Dispose();
        }

        IAttentionShardGrain shard = _grains.GetGrain<IAttentionShardGrain>(step.Stages[step.Stage + 1]);
        if (rows.Length > 1)
        {
            await SendAheadAsync(shard, step, rows, cancellationToken);
        }

        StepMessage next = step with { Stage = step.Stage + 1, Tokens = [], Rows = rows[^1].Rows, RowsAhead = rows[^1].FirstRow };
        own.Steps.MarkForwarded(step.Epoch, step.Number);

        // The activity of this stage does not include the later stages.
        activity?.Stop();
        _traffic.AddStep(BytesOf(rows));
        StepReply reply = await LongCall.SendAsync(shard, next, cancellationToken);
        next.Rows!.ReturnSent();
        return reply;
    }

    private static long BytesOf((int FirstRow, RowBytes Rows)[] pieces)
    {
        long bytes = 0;
        foreach ((_, RowBytes rows) in pieces)
        {
            bytes += rows.Length;
        }

        return bytes;
    }

    private static async Task<Stage> TakeAsync(StagePool stages, StepAdapters? adapters, CancellationToken cancellationToken)
    {
        try
        {
            return await stages.TakeAsync(cancellationToken);
        }
        catch
        {
            adapters?.Dispose();
            throw;
        }
    }

    // All rows but the last piece, which travels with the step.
    private Task SendAheadAsync(IAttentionShardGrain shard, StepMessage step, (int FirstRow, RowBytes Rows)[] rows, CancellationToken cancellationToken)
    {
        ParallelOptions window = new() { MaxDegreeOfParallelism = _options.MessagesInFlight, CancellationToken = cancellationToken };
        return Parallel.ForEachAsync(new ArraySegment<(int FirstRow, RowBytes Rows)>(rows, 0, rows.Length - 1), window, async (piece, token) =>
        {
            TimeSpan timeout = _options.CallTimeout((long)piece.Rows.Length * _options.MessagesInFlight);
            await shard.TakeRowsAsync(new StepRowsMessage(step.Epoch, step.Number, piece.FirstRow, piece.Rows)).WaitAsync(timeout, _time, token);
            piece.Rows.ReturnSent();
        });
    }
}
