using System.Diagnostics;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Grains.Telemetry;
using Orleans.Concurrency;
using Polly;

namespace HunyuanOrleans.Grains.Shards;

/// <inheritdoc cref="IRouterGrain"/>
[GrainType("router"), Reentrant, KeepAlive, PinnedPlacement]
public sealed class RouterGrain : Grain, IRouterGrain
{
    /// <summary>Number of tables kept: a step of the previous route may still be computed when the table of the next route arrives.</summary>
    private const int KeptTables = 4;

    private readonly PinnedKey _key;
    private readonly ModelHost _host;
    private readonly ResiliencePipeline _calls;

    // Retries run outside of the grain's turns, where Grain.GrainFactory must not be used.
    private readonly IGrainFactory _grains;
    private readonly TimeProvider _time;
    private readonly HunyuanSiloOptions _options;
    private readonly LongCall _longCalls;
    private readonly ExpertCallLimits _limits;
    private readonly SentTraffic _traffic;
    private readonly SortedList<RouteNumber, ExpertTable> _tables = [];

    /// <summary>Creates a router without tables.</summary>
    public RouterGrain(
        ModelHosts hosts, HunyuanSiloOptions options, LongCall longCalls, ExpertCallLimits limits, SentTraffic traffic, IGrainFactory grains, TimeProvider time)
    {
        (_options, _longCalls, _limits, _traffic) = (options, longCalls, limits, traffic);
        _grains = grains;
        _time = time;
        _key = PinnedKey.Parse(this.GetPrimaryKeyString());
        _host = hosts.Get(_key.Model);
        _calls = RetryPolicies.ForExperts(options, time);
    }

    /// <inheritdoc/>
    public Task SetTableAsync(RouterTable table)
    {
        _tables[new RouteNumber(table.Epoch, table.Version)] = new ExpertTable(table.Groups, _key.Layers);
        while (_tables.Count > KeptTables)
        {
            _tables.RemoveAt(0);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<bool> DispatchAsync(long epoch, long number, long version, int layer)
    {
        Stage stage = _host.StepsOf(_key.ToString()).Find(epoch, number);
        Task dispatch = stage.DispatchOnce(
            epoch,
            number,
            layer,
            static (stage, call) => call.Router.DispatchAsync(stage, call.Route, call.Layer, stage.Cancellation),
            (Router: this, Route: new RouteNumber(epoch, version), Layer: layer));
        if (!await _longCalls.WaitAsync(dispatch))
        {
            return false;
        }

        await dispatch;
        return true;
    }

    private async Task DispatchAsync(Stage stage, RouteNumber route, int layer, CancellationToken cancellationToken)
    {
        if (!_tables.TryGetValue(route, out ExpertTable? table))
        {
            throw new NotLoadedException($"{_key} has no expert table of route {route.Version}.");
        }

        using Activity? activity = GrainTelemetry.Start("hunyuan.dispatch");
        activity?.SetTag("hunyuan.layer", layer);
        List<ExpertDispatch> dispatches = stage.Dispatches;
        table.Plan(layer, stage.Routed.Counts, stage.Local, _options.MessageBytes / stage.ExpertRowLength, dispatches);
        Task[] calls = new Task[dispatches.Count];
        for (int i = 0; i < calls.Length; i++)
        {
            calls[i] = SendAsync(dispatches[i], dispatches[i].Message(layer, stage), dispatches[i].RowCount * stage.ExpertRowLength, cancellationToken);
        }

        await stage.FeedForwardAsync();
        await Task.WhenAll(calls);
        stage.CheckReplies();
    }

    // Each attempt calls the next holder: replicas of an expert compute the same bits.
    private async Task SendAsync(ExpertDispatch dispatch, ExpertMessage message, long replyBytes, CancellationToken cancellationToken)
    {
        try
        {
            ExpertReply reply;
            while ((reply = await ForwardAsync(dispatch, message, replyBytes, cancellationToken)).IsLoading)
            {
                // Loading an adapter is no failure and no call with rows, and the same holder goes on with it.
                dispatch.Attempts--;
                while (!await LoadAsync(dispatch, message, cancellationToken))
                {
                    dispatch.Attempts--;
                }

                dispatch.Attempts--;
            }

            if (dispatch.Attempts == 1)
            {
                // After several attempts, one that was given up may still wait to be sent.
                message.Rows.ReturnSent();
            }

            dispatch.Reply = reply;
        }
        catch (Exception fault) when (TransientErrors.IsTransient(fault, cancellationToken))
        {
            throw new ExpertsUnavailableException($"Experts of layer {message.Layer} at {dispatch.Holder(0)} cannot be reached: {fault.Message}");
        }
    }

    private async Task<ExpertReply> ForwardAsync(ExpertDispatch dispatch, ExpertMessage message, long replyBytes, CancellationToken cancellationToken)
    {
        SemaphoreSlim limit = _limits.Of(dispatch.Silo);
        await limit.WaitAsync(cancellationToken);
        long started = _time.GetTimestamp();
        ResilienceContext context = RetryPolicies.ForBytes(message.Rows.Length + replyBytes, cancellationToken);
        try
        {
            ExpertReply reply = await _calls.ExecuteAsync(
                static async (context, call) => await call.Router.NextHolder(call.Dispatch)
                    .ForwardAsync(call.Message, context.CancellationToken).WaitAsync(context.CancellationToken),
                context,
                (Router: this, Dispatch: dispatch, Message: message));
            if (!reply.IsLoading)
            {
                _traffic.AddExpertCall(_time.GetElapsedTime(started), message.Rows.Length + reply.Rows.Length);
            }

            return reply;
        }
        finally
        {
            limit.Release();
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private ValueTask<bool> LoadAsync(ExpertDispatch dispatch, ExpertMessage message, CancellationToken cancellationToken) => _calls.ExecuteAsync(
        static async (call, token) => await call.Router.NextHolder(call.Dispatch).LoadAdaptersAsync(call.Message.Adapters!, token).WaitAsync(token),
        (Router: this, Dispatch: dispatch, Message: message),
        cancellationToken);

    private IExpertGroupGrain NextHolder(ExpertDispatch dispatch) => _grains.GetGrain<IExpertGroupGrain>(dispatch.Holder(dispatch.Attempts++));
}
