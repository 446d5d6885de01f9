using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Adapters;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Kv;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Scheduling;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Text.Streaming;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace HunyuanOrleans.Engine;

/// <summary>
/// Accepts requests from any thread and returns each answer as a stream of token ids. A <see cref="Scheduler"/> does the work on a
/// dedicated thread. The engine does not know chat templates, HTTP or where the model computes.
/// </summary>
public sealed class InferenceEngine : IAsyncDisposable
{
    private readonly Scheduler _scheduler;
    private readonly EngineLoop _loop;
    private readonly RequestAdmission _admission;
    private readonly Lock _gate = new();
    private bool _closed;

    private InferenceEngine(IModelExecutor executor, EngineOptions options, ITokenText? text, TimeProvider time, ILogger log)
    {
        HasText = text is not null;
        Limits = executor.Limits;
        EosIds = options.EosIds;
        _scheduler = new Scheduler(executor, options.Scheduler, text, time, log);
        _loop = new EngineLoop(_scheduler, log);
        _admission = new RequestAdmission(_scheduler, executor.Limits, options, time, _loop.Wake);
    }

    /// <summary>The capacities of the executor.</summary>
    public ExecutorLimits Limits { get; }

    /// <summary>The model's end-of-text ids.</summary>
    public IReadOnlyList<int> EosIds { get; }

    /// <summary>True if there is a tokenizer, so that requests may have stop strings.</summary>
    public bool HasText { get; }

    /// <summary>Creates an engine and starts its thread.</summary>
    /// <param name="executor">Computes the steps. The engine does not dispose it; it must outlive the engine.</param>
    /// <param name="options">Options; null for the defaults.</param>
    /// <param name="text">The bytes of tokens, for stop strings; null without a tokenizer.</param>
    /// <param name="time">The clock; null for the system clock.</param>
    /// <param name="logger">Receives details of failures; null for none.</param>
    public static InferenceEngine Start(
        IModelExecutor executor,
        EngineOptions? options = null,
        ITokenText? text = null,
        TimeProvider? time = null,
        ILogger<InferenceEngine>? logger = null)
    {
        InferenceEngine engine = new(
            executor, options ?? new EngineOptions(), text, time ?? TimeProvider.System, logger ?? NullLogger<InferenceEngine>.Instance);
        engine._loop.Start();
        return engine;
    }

    /// <inheritdoc cref="Submit(GenerationRequest, IAdapter)"/>
    public Generation Submit(GenerationRequest request) => Submit(request, null);

    /// <summary>Validates a request and queues it. Any thread.</summary>
    /// <param name="request">The request.</param>
    /// <param name="adapter">The adapter to answer with; null: none. It must stay usable until all answers have ended.</param>
    /// <returns>The request's answers. They are computed until cancelled, whether they are read or not.</returns>
    /// <exception cref="RequestException">The request is invalid or can never be served; the message names the parameter.</exception>
    /// <exception cref="QueueFullException">Too many answers are waiting.</exception>
    /// <exception cref="ObjectDisposedException">The engine is stopping.</exception>
    public Generation Submit(GenerationRequest request, IAdapter? adapter) => Submit(request, adapter, isReserved: false);

    /// <summary>
    /// Validates a request, waits for its adapter, and queues it. It counts as waiting meanwhile, so requests that wait for adapters are limited as all others are.
    /// Any thread.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="acquire">Waits until the adapter can be used. The engine disposes the lease when all answers have ended, or if the request fails.</param>
    /// <param name="cancellationToken">Stops waiting for the adapter.</param>
    /// <returns>The request's answers, as of <see cref="Submit(GenerationRequest, IAdapter)"/>.</returns>
    /// <exception cref="RequestException">The request is invalid or can never be served; the message names the parameter.</exception>
    /// <exception cref="QueueFullException">Too many answers are waiting.</exception>
    /// <exception cref="ObjectDisposedException">The engine is stopping.</exception>
    public async ValueTask<Generation> SubmitAsync(
        GenerationRequest request, Func<CancellationToken, ValueTask<IAdapterLease>> acquire, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _closed), this);
        int reserved = _admission.Reserve(request);
        IAdapterLease? lease = null;
        try
        {
            lease = await acquire(cancellationToken).ConfigureAwait(false);
            Generation generation = Submit(request, lease.Adapter, isReserved: true);
            _ = generation.CompletionAsync().ContinueWith(_ => lease.Dispose(), TaskScheduler.Default);
            return generation;
        }
        catch
        {
            _admission.Release(reserved);
            lease?.Dispose();
            throw;
        }
    }

    /// <summary>Gets the engine's state and its counts since it started. Any thread.</summary>
    public EngineStatistics GetStatistics()
    {
        SchedulerCounters counters = _scheduler.Counters;
        KvPool pool = _scheduler.Pool;
        int free = pool.FreeBlocks, idle = pool.IdleBlocks;
        return new EngineStatistics
        {
            Waiting = _scheduler.Waiting,
            Running = _scheduler.Running,
            KvBlocks = pool.BlockCount,
            KvBlockPositions = Limits.BlockPositions,
            KvUsed = pool.BlockCount - free - idle,
            KvCached = idle,
            KvFree = free,
            Steps = Volatile.Read(ref counters.Steps),
            PromptTokens = Volatile.Read(ref counters.PromptTokens),
            CachedPromptTokens = Volatile.Read(ref counters.CachedPromptTokens),
            AnswerTokens = Volatile.Read(ref counters.AnswerTokens),
            DraftedTokens = Volatile.Read(ref counters.DraftedTokens),
            AcceptedDraftTokens = Volatile.Read(ref counters.AcceptedDraftTokens),
            MtpDraftedTokens = Volatile.Read(ref counters.MtpDraftedTokens),
            AcceptedMtpTokens = Volatile.Read(ref counters.AcceptedMtpTokens),
            Preemptions = Volatile.Read(ref counters.Preemptions),
            Replays = Volatile.Read(ref counters.Replays),
            Evictions = pool.Evictions,
            Finished = counters.Finished[(int)FinishReason.Stop] + counters.Finished[(int)FinishReason.Length],
            FinishedByLength = counters.Finished[(int)FinishReason.Length],
            Cancelled = counters.Finished[(int)FinishReason.Cancelled],
            Failed = counters.Finished[(int)FinishReason.Error],
        };
    }

    /// <summary>Forgets all cached prefixes, between two steps or during one. Any thread.</summary>
    /// <returns>Number of KV blocks that were cached.</returns>
    /// <exception cref="ObjectDisposedException">The engine is stopping.</exception>
    public async Task<int> ResetPrefixCacheAsync()
    {
        TaskCompletionSource<int> reset = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            // The loop's thread owns the pool. A step holds references to its blocks, so the cache may change while it is computed.
            _loop.Post(_ => reset.SetResult(_scheduler.Pool.ClearCache()), null);
        }

        await Task.WhenAny(reset.Task, _loop.Completion).ConfigureAwait(false);
        ObjectDisposedException.ThrowIf(!reset.Task.IsCompleted, this);
        return await reset.Task.ConfigureAwait(false);
    }

    /// <summary>Stops accepting requests and completes when all answers have ended.</summary>
    /// <param name="cancellationToken">Cancels the answers that have not ended yet.</param>
    public async Task DrainAsync(CancellationToken cancellationToken = default)
    {
        Close();
        _loop.Drain();
        using CancellationTokenRegistration registration =
            cancellationToken.UnsafeRegister(static state => ((EngineLoop)state!).Abort(), _loop);
        await _loop.Completion.ConfigureAwait(false);
    }

    /// <summary>Cancels all answers and ends the thread. Call <see cref="DrainAsync"/> first to let answers end by themselves.</summary>
    public async ValueTask DisposeAsync()
    {
        Close();
        _loop.Abort();
        await _loop.Completion.ConfigureAwait(false);
    }

    private Generation Submit(GenerationRequest request, IAdapter? adapter, bool isReserved)
    {
        Generation generation;
        lock (_gate)
        {
            // Submit under the lock: otherwise the loop could end between the check and the submission and never see the request.
            ObjectDisposedException.ThrowIf(_closed, this);
            generation = _admission.Submit(request, adapter, isReserved);
        }

        if (request.Cancellation.CanBeCanceled)
        {
            CancellationTokenRegistration registration =
                request.Cancellation.UnsafeRegister(static state => ((Generation)state!).Cancel(), generation);
            _ = generation.CompletionAsync().ContinueWith(_ => registration.Dispose(), TaskScheduler.Default);
        }

        return generation;
    }

    private void Close()
    {
        lock (_gate)
        {
            _closed = true;
        }
    }
}
