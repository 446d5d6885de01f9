using System.Diagnostics;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Telemetry;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model.Configuration;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Grains.Execution;

/// <summary>
/// Runs steps on the grains of a cluster: sends each to the first attention shard of the route in force, and sends it again, on another route where
/// there is one, until it succeeds or the deadline has passed. Between two steps it moves to a new route. It does not know requests.
/// </summary>
internal sealed class ClusterExecutor : IModelExecutor
{
    /// <summary>A fault that nobody foresaw may be of one silo or one moment; after so many of them in a step it is of the step.</summary>
    private const int UnexpectedFaults = 2;

    private readonly string _model;
    private readonly ModelConfig _config;
    private readonly HunyuanSiloOptions _options;
    private readonly RouteManager _keeper;
    private readonly KvMigrator _mover;
    private readonly StepTimeout _watch;
    private readonly SessionTables _tables = new();
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private volatile Route? _route;
    private long _number;
    private long _retries;
    private long _switches;

    public ClusterExecutor(
        ModelSettings settings, ModelConfig config, HunyuanSiloOptions options, RouteManager keeper, IGrainFactory grains, ILogger logger, TimeProvider time)
    {
        _model = settings.Name;
        _config = config;
        _options = options;
        _keeper = keeper;
        _mover = new KvMigrator(grains);
        _watch = new StepTimeout(options.StepWatchInterval, time);
        _logger = logger;
        _time = time;
        int blocks = ModelPieces.PoolOf(settings.Options).Blocks;
        Limits = new ExecutorLimits(
            config.VocabSize, config.MaxPositions, blocks, KvBlocks.Positions, settings.Options.MaxBatchTokens, settings.Options.MaxLogitRows);
    }

    /// <inheritdoc/>
    public ExecutorLimits Limits { get; }

    /// <summary>The route that steps take; null before the first.</summary>
    public Route? InForce => _route;

    /// <summary>Steps that were sent again.</summary>
    public long Retries => Volatile.Read(ref _retries);

    /// <summary>Changes of route.</summary>
    public long Switches => Volatile.Read(ref _switches);

    /// <summary>Set to see the logits of every step, float32 [tokens wanted, vocabulary]; null (default) to leave them where they are.</summary>
    public Action<byte[]>? Logits { get; set; }

    /// <inheritdoc/>
    /// <exception cref="KvLostException">Keys and values are gone with a silo.</exception>
    /// <exception cref="ExecutorException">The deadline has passed.</exception>
    public async ValueTask ExecuteAsync(StepBatch batch, StepResult result, CancellationToken cancellationToken)
    {
        int unexpected = 0;
        long started = _time.GetTimestamp();
        _tables.Release(batch.ReleasedSessions);
        using Activity? activity = GrainTelemetry.Start("hunyuan.step", null);
        activity?.SetTag("gen_ai.request.model", _model).SetTag("hunyuan.rows", batch.TokenCount).SetTag("hunyuan.sequences", batch.SliceCount);
        while (true)
        {
            Route route = await RouteAsync(batch, started, cancellationToken).ConfigureAwait(false);
            StepMessage step = Describe(batch, route);
            try
            {
                StepReply reply = await _watch.SendAsync(route, step, cancellationToken).ConfigureAwait(false);
                _tables.Confirm(batch);
                Store(reply, batch, result);
                GrainTelemetry.Step(_time.GetElapsedTime(started), _model);
                return;
            }
            catch (UnknownSessionException)
            {
                _tables.Distrust();
                route.CountFault();
                if (route.Faults > 1)
                {
                    _keeper.Report(route);
                }
            }
            catch (Exception fault) when (TransientErrors.IsTransient(fault, cancellationToken)
                || (!cancellationToken.IsCancellationRequested && unexpected++ < UnexpectedFaults))
            {
                RouteLog.StepRetried(_logger, step.Number, _model, route.Version, fault.Message);
                _tables.Distrust();
                _keeper.Report(route);
            }

            Interlocked.Increment(ref _retries);
            GrainTelemetry.Retry(_model);
            CheckDeadline(started, affectsAll: false);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<Route> RouteAsync(StepBatch batch, long started, CancellationToken cancellationToken)
    {
        Route? route = _keeper.Current;
        if (route is null || route.Broken)
        {
            route = await WaitForRouteAsync(started, cancellationToken).ConfigureAwait(false);
        }

        if (route != _route)
        {
            await SwitchAsync(route, batch, cancellationToken).ConfigureAwait(false);
        }

        return route;
    }

    private async Task<Route> WaitForRouteAsync(long started, CancellationToken cancellationToken)
    {
        TimeSpan left = _options.StepDeadline - _time.GetElapsedTime(started);
        try
        {
            return await _keeper.UsableAsync(cancellationToken).WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            CheckDeadline(started, affectsAll: true);
            throw new ExecutorException(Message(), affectsAll: true);
        }
    }

    private async Task SwitchAsync(Route route, StepBatch batch, CancellationToken cancellationToken)
    {
        Route? before = _route;
        int? moved = before is null ? 0 : await _mover.MoveAsync(_keeper.Epoch, before, route, _config.ClaFactor, _tables, batch.BlockUsage, cancellationToken).ConfigureAwait(false);
        _route = route;
        _tables.Distrust();
        Interlocked.Increment(ref _switches);
        GrainTelemetry.Switch(_model, moved ?? 0);
        RouteLog.Switched(_logger, _model, before?.Version ?? 0, route.Version, moved ?? 0, moved is null);
        _ = _keeper.CleanUpAsync(route);
        if (moved is null)
        {
            _tables.Clear();
            throw new KvLostException($"Keys and values of model {_model} are lost between routes {before!.Version} and {route.Version}.");
        }
    }

    private StepMessage Describe(StepBatch batch, Route route)
    {
        ReadOnlySpan<SequenceSlice> slices = batch.Slices;
        SliceMessage[] messages = new SliceMessage[slices.Length];
        for (int i = 0; i < messages.Length; i++)
        {
            messages[i] = _tables.Describe(in slices[i]);
        }

        return new StepMessage(
            _keeper.Epoch, ++_number, route.Version, route.Keys, 0, batch.Tokens.ToArray(), messages, batch.ReleasedSessions.ToArray(), null, Logits is not null, Activity.Current?.Id);
    }

    private void Store(StepReply reply, StepBatch batch, StepResult result)
    {
        int next = 0;
        for (int i = 0; i < batch.SliceCount; i++)
        {
            if (batch.Slices[i].Sampling is not null)
            {
                result[i] = reply.Tokens[next++].ToToken();
            }
        }

        Logits?.Invoke(reply.Logits!);
    }

    private void CheckDeadline(long started, bool affectsAll)
    {
        if (_keeper.Superseded)
        {
            throw new ExecutorException("The model moved to another place; try the request again.", affectsAll: true);
        }

        if (_time.GetElapsedTime(started) >= _options.StepDeadline)
        {
            throw new ExecutorException(Message(), affectsAll);
        }
    }

    private string Message() =>
        $"The cluster could not compute this answer within {_options.StepDeadline.TotalSeconds:0} seconds. {_keeper.Problem ?? "Parts of it did not answer."} Try the request again later.";
}
