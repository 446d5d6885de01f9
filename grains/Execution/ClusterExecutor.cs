using System.Diagnostics;
using System.Runtime.InteropServices;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Grains.Adapters;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Telemetry;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Grains.Execution;

/// <summary>
/// Runs steps on the grains of a cluster, several at once. It sends each step to the first attention shard of the current route, and sends it again, on a
/// new route if any, until it succeeds or the deadline has passed. It switches routes when no step is under way. It does not know requests.
/// </summary>
internal sealed class ClusterExecutor : IModelExecutor
{
    /// <summary>Number of unexpected exceptions after which a step is sent again: they may be due to a silo or a moment. The next one is due to the step.</summary>
    private const int UnexpectedFaults = 2;

    /// <summary>How often a deadline is looked at again while silos load.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private readonly string _model;
    private readonly ModelConfig _config;
    private readonly HunyuanSiloOptions _options;
    private readonly RouteManager _routes;
    private readonly RouteState _state;
    private readonly KvMigrator _migrator;
    private readonly StepTimeout _timeout;
    private readonly RouteGate _gate;
    private readonly Lock _books = new();
    private readonly SessionTables _tables = new();
    private readonly List<long> _released = [];
    private readonly List<long> _inFlight = [];
    private readonly int _mostSteps;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private long _number;
    private long _losses;
    private long _retries;
    private long _switches;

    public ClusterExecutor(
        ModelSettings settings,
        ModelConfig config,
        HunyuanSiloOptions options,
        RouteManager routes,
        RouteState state,
        IGrainFactory grains,
        ILogger logger,
        TimeProvider time)
    {
        _model = settings.Name;
        _config = config;
        _options = options;
        _routes = routes;
        _state = state;
        _gate = new RouteGate(state);
        _mostSteps = settings.Options.StepsInFlight;
        _migrator = new KvMigrator(grains, options, settings.Options.CacheFormat.BlockBytes(config), _model, logger, time);
        _timeout = new StepTimeout(options, config.HiddenSize * sizeof(float), time);
        _logger = logger;
        _time = time;
        int blocks = ModelPieces.PoolOf(settings.Options).Blocks;
        Limits = new ExecutorLimits(
            config.VocabSize, config.MaxPositions, blocks, KvBlocks.Positions, settings.Options.MaxBatchTokens, settings.Options.MaxLogitRows);
    }

    /// <inheritdoc/>
    public ExecutorLimits Limits { get; }

    /// <summary>One in each stage of the route, and one whose rows are on their way to another silo.</summary>
    public int StepsInFlight => _routes.Current is { } route && route.CrossesSilos ? Math.Min(_mostSteps, route.Stages.Length + 1) : 1;

    /// <inheritdoc/>
    public int DecodeSteps(int sequences) => StepsInFlight is > 1 and int most && _routes.Current is { } route ? route.Plan.DecodeSteps(sequences, most) : 1;

    /// <summary>The route that steps take; null before the first.</summary>
    public Route? RouteInUse => _state.InUse;

    /// <summary>Number of steps that were sent again.</summary>
    public long Retries => Volatile.Read(ref _retries);

    /// <summary>Number of changes of the route in use.</summary>
    public long Switches => Volatile.Read(ref _switches);

    /// <summary>Receives the logits of every step, float32 [tokens, vocabulary]; null (default) if nobody wants them.</summary>
    /// <exception cref="InvalidOperationException">They would not fit into a message.</exception>
    public Action<byte[]>? Logits
    {
        get;
        set
        {
            long bytes = (long)Limits.MaxBatchSequences * Limits.VocabularySize * sizeof(float);
            field = value is null || bytes <= HunyuanSiloOptions.MaxMessageBytes
                ? value
                : throw new InvalidOperationException($"The logits of a step take up to {bytes} bytes; at most {HunyuanSiloOptions.MaxMessageBytes} fit into a reply.");
        }
    }

    /// <inheritdoc/>
    /// <exception cref="KvLostException">Keys and values were lost with a silo.</exception>
    /// <exception cref="ExecutorException">The deadline has passed.</exception>
    public async ValueTask ExecuteAsync(StepBatch batch, StepResult result, CancellationToken cancellationToken)
    {
        int unexpected = 0, unknown = 0;
        long started = _time.GetTimestamp();
        lock (_books)
        {
            // Tables must not change while a switch of routes moves keys and values.
            _released.AddRange(batch.ReleasedSessions);
        }

        using Activity? activity = GrainTelemetry.Start("hunyuan.step");
        activity?.SetTag("gen_ai.request.model", _model).SetTag("hunyuan.rows", batch.TokenCount).SetTag("hunyuan.sequences", batch.SliceCount);
        while (true)
        {
            if (_routes.Current is not { Broken: false })
            {
                await WaitForRouteAsync(started, cancellationToken).ConfigureAwait(false);
            }

            // A step that waits for a route uses none: the planner may have to drop what the last one used to load the next.
            if (await _gate.EnterAsync(() => _routes.Current, route => SwitchAsync(route, batch, cancellationToken), cancellationToken).ConfigureAwait(false) is not { } route)
            {
                continue;
            }

            StepMessage? step = null;
            try
            {
                step = Describe(batch, route);
                if (await SendAsync(route, step).ConfigureAwait(false) is { } reply)
                {
                    lock (_books)
                    {
                        _tables.Confirm(batch);
                    }

                    Store(reply, batch, result);
                    GrainTelemetry.Step(_time.GetElapsedTime(started), _model);
                    return;
                }
            }
            finally
            {
                End(step);
                _gate.Leave();
            }

            Interlocked.Increment(ref _retries);
            GrainTelemetry.Retry(_model);
            await CheckDeadlineAsync(started, affectsAll: false, cancellationToken).ConfigureAwait(false);
        }

        // Null if the step has to be sent again.
        async Task<StepReply?> SendAsync(Route route, StepMessage step)
        {
            try
            {
                return await _timeout.SendAsync(route, step, cancellationToken).ConfigureAwait(false);
            }
            catch (AdapterUnavailableException unavailable)
            {
                throw new ExecutorException(unavailable.Message) { Adapter = AdapterOf(batch, unavailable.Digest) };
            }
            catch (UnknownSessionException)
            {
                Forget();
                if (++unknown > 1)
                {
                    _routes.ReportBroken(route);
                }
            }
            catch (Exception fault) when (TransientErrors.IsTransient(fault, cancellationToken)
                || (!cancellationToken.IsCancellationRequested && unexpected++ < UnexpectedFaults))
            {
                RouteLog.StepRetried(_logger, step.Number, _model, route.Version, fault.Message);
                Forget();
                _routes.ReportBroken(route);
            }

            return null;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task WaitForRouteAsync(long started, CancellationToken cancellationToken)
    {
        Task<Route> usable = _routes.WaitForUsableAsync(cancellationToken);
        while (true)
        {
            // The deadline moves while silos load, so it is looked at again when it seems to have passed.
            TimeSpan left = TimeLeft(started);
            left = left < TimeSpan.Zero ? TimeSpan.Zero : left > LongestWait ? LongestWait : left;
            try
            {
                await usable.WaitAsync(left, _time, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (TimeoutException)
            {
                await CheckDeadlineAsync(started, affectsAll: true, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task SwitchAsync(Route route, StepBatch batch, CancellationToken cancellationToken)
    {
        Route? before = _state.InUse;
        int? moved = before is null ? 0 : await _migrator.MoveAsync(_routes.Epoch, before, route, _config.ClaFactor, _tables, batch.BlockUsage, cancellationToken).ConfigureAwait(false);
        _state.InUse = route;
        Forget();
        Interlocked.Increment(ref _switches);
        GrainTelemetry.Switch(_model, moved ?? 0);
        RouteLog.Switched(_logger, _model, before?.Version ?? 0, route.Version, moved ?? 0, moved is null);
        _ = _routes.CleanUpAsync(route);
        if (moved is null)
        {
            lock (_books)
            {
                _tables.Clear();
                // Steps that were planned before a loss report the same one.
                _losses = Math.Max(_losses, batch.KvLosses + 1);
            }

            throw new KvLostException($"Keys and values of model {_model} are lost between routes {before!.Version} and {route.Version}.");
        }
    }

    private StepMessage Describe(StepBatch batch, Route route)
    {
        ReadOnlySpan<SequenceSlice> slices = batch.Slices;
        SliceMessage[] messages = new SliceMessage[slices.Length];
        StepAdapterList adapters = new();
        long bytes = 0, number;
        long[] others;
        lock (_books)
        {
            _tables.Release(CollectionsMarshal.AsSpan(_released));
            _released.Clear();
            if (batch.KvLosses < _losses)
            {
                throw new KvLostException($"Keys and values of model {_model} were lost after the step was planned.");
            }

            for (int i = 0; i < messages.Length; i++)
            {
                messages[i] = _tables.Describe(in slices[i], adapters.NumberOf((ClusterAdapter?)slices[i].Adapter));
                bytes += messages[i].Bytes;
            }

            if (bytes > HunyuanSiloOptions.MaxMessageBytes)
            {
                throw new ExecutorException(
                    $"The block tables and penalties of {messages.Length} answers take {bytes} bytes; at most {HunyuanSiloOptions.MaxMessageBytes} fit into a message.");
            }

            number = ++_number;
            others = [.. _inFlight];
            _inFlight.Add(number);
        }

        return new StepMessage
        {
            Epoch = _routes.Epoch,
            Number = number,
            InFlight = others,
            Version = route.Version,
            Stages = route.Keys,
            Tokens = batch.Tokens.ToArray(),
            Slices = messages,
            Released = batch.ReleasedSessions.ToArray(),
            WantsLogits = Logits is not null,
            Adapters = adapters.ToMessages(),
        };
    }

    private static IAdapter? AdapterOf(StepBatch batch, string digest)
    {
        foreach (ref readonly SequenceSlice slice in batch.Slices)
        {
            if (slice.Adapter?.Digest == digest)
            {
                return slice.Adapter;
            }
        }

        return null;
    }

    // An attempt that failed may still be computed somewhere; its number tells shards that it is over.
    private void End(StepMessage? step)
    {
        if (step is not null)
        {
            lock (_books)
            {
                _inFlight.Remove(step.Number);
            }
        }
    }

    private void Forget()
    {
        lock (_books)
        {
            _tables.Invalidate();
        }
    }

    private void Store(StepReply reply, StepBatch batch, StepResult result)
    {
        result.Clear();
        int next = 0, token = 0, scored = 0;
        for (int i = 0; i < batch.SliceCount; i++)
        {
            ref readonly SequenceSlice slice = ref batch.Slices[i];
            scored += slice.Scoring.Count;
            if (slice.Sampling is null)
            {
                continue;
            }

            int count = reply.Counts is null ? 1 : next < reply.Counts.Length ? reply.Counts[next++] : 0;
            if (count < 1 || count > slice.SampledRows || count > reply.Tokens.Length - token)
            {
                throw new ExecutorException($"The cluster returned {count} tokens for {slice.SampledRows} rows of an answer, and {reply.Tokens.Length} in all.");
            }

            for (; count > 0; count--)
            {
                result.Add(i, reply.Tokens[token++].ToToken());
            }
        }

        if (token != reply.Tokens.Length)
        {
            throw new ExecutorException($"The cluster returned {reply.Tokens.Length} tokens for answers that get {token}.");
        }

        // The scheduler counts on them once it has advanced the sequences.
        TokenMessage[] scores = reply.Scores ?? [];
        if (scores.Length != scored)
        {
            throw new ExecutorException($"The cluster returned log probabilities of {scores.Length} prompt tokens instead of {scored}.");
        }

        foreach (TokenMessage score in scores)
        {
            result.Scores.Add(score.ToToken());
        }

        Logits?.Invoke(reply.Logits!);
    }

    private async ValueTask CheckDeadlineAsync(long started, bool affectsAll, CancellationToken cancellationToken)
    {
        if (_routes.Superseded.IsCompleted)
        {
            // The engine is about to end. Its answers continue elsewhere, so they must not end with an error here.
            await Task.Delay(Timeout.InfiniteTimeSpan, _time, cancellationToken).ConfigureAwait(false);
        }

        if (TimeLeft(started) <= TimeSpan.Zero)
        {
            throw new ExecutorException(Message(), affectsAll);
        }
    }

    // The deadline counts from the end of loading, as expected at the speed of the silos: a large share takes longer than any constant.
    private TimeSpan TimeLeft(long started) => _options.StepDeadline - _time.GetElapsedTime(Math.Max(started, _routes.LoadedUntil));

    private string Message() =>
        $"The cluster could not compute this answer within {_options.StepDeadline.TotalSeconds:0} seconds. {_routes.Problem ?? "Parts of it did not answer."} Try the request again later.";
}
