using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Kv;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Scheduling;
using HunyuanOrleans.Engine.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace HunyuanOrleans.Engine;

/// <summary>
/// The door to a running model: takes requests from any thread and gives each answer as a stream of token ids. The work is done by
/// a <see cref="Scheduler"/> on a thread of its own. It does not know chat templates, HTTP or where the model computes.
/// </summary>
public sealed class InferenceEngine : IAsyncDisposable
{
    private readonly Scheduler _scheduler;
    private readonly EngineLoop _loop;
    private readonly RequestIntake _intake;
    private readonly Lock _gate = new();
    private bool _closed;

    /// <summary>Starts the engine.</summary>
    /// <param name="executor">Computes the steps. Not disposed: it must outlive the engine.</param>
    /// <param name="options">How to run; null for the defaults.</param>
    /// <param name="text">The tokens' bytes, for stop strings; null where there is no tokenizer.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <param name="logger">Where details of faults go; null for nowhere.</param>
    public InferenceEngine(
        IModelExecutor executor,
        EngineOptions? options = null,
        ITokenText? text = null,
        TimeProvider? time = null,
        ILogger<InferenceEngine>? logger = null)
    {
        options ??= new EngineOptions();
        time ??= TimeProvider.System;
        ILogger log = logger ?? NullLogger<InferenceEngine>.Instance;
        HasText = text is not null;
        Limits = executor.Limits;
        EosIds = options.EosIds;
        _scheduler = new Scheduler(executor, options.Scheduler, text, time, log);
        _loop = new EngineLoop(_scheduler, log);
        _intake = new RequestIntake(_scheduler, executor.Limits, options, time, _loop.Wake);
    }

    /// <summary>What the executor can hold and take.</summary>
    public ExecutorLimits Limits { get; }

    /// <summary>The model's end-of-text ids.</summary>
    public IReadOnlyList<int> EosIds { get; }

    /// <summary>True where stop strings can be used.</summary>
    public bool HasText { get; }

    /// <summary>Checks a request and queues it. Any thread.</summary>
    /// <returns>Its answers; they are computed whether they are read or not, until cancelled.</returns>
    /// <exception cref="RequestException">It is wrong or can never be served; the message names the parameter.</exception>
    /// <exception cref="QueueFullException">Too many answers wait.</exception>
    /// <exception cref="ObjectDisposedException">The engine is stopping.</exception>
    public Generation Submit(GenerationRequest request)
    {
        Generation generation;
        lock (_gate)
        {
            // Under the lock, so that whatever is accepted is seen by the loop before it ends.
            ObjectDisposedException.ThrowIf(_closed, this);
            generation = _intake.Submit(request);
        }

        if (request.Cancellation.CanBeCanceled)
        {
            CancellationTokenRegistration registration =
                request.Cancellation.UnsafeRegister(static g => ((Generation)g!).Cancel(), generation);
            _ = generation.CompletionAsync().ContinueWith(_ => registration.Dispose(), TaskScheduler.Default);
        }

        return generation;
    }

    /// <summary>What the engine is doing. Any thread.</summary>
    public EngineStatistics Statistics()
    {
        SchedulerCounters counters = _scheduler.Counters;
        KvPool pool = _scheduler.Pool;
        int free = pool.Free, idle = pool.Idle;
        return new EngineStatistics(
            _scheduler.Waiting,
            _scheduler.Running,
            pool.Blocks,
            pool.Blocks - free - idle,
            idle,
            free,
            Volatile.Read(ref counters.Steps),
            Volatile.Read(ref counters.PromptTokens),
            Volatile.Read(ref counters.CachedPromptTokens),
            Volatile.Read(ref counters.AnswerTokens),
            Volatile.Read(ref counters.Preemptions),
            pool.Evictions,
            counters.Finished[(int)FinishReason.Stop] + counters.Finished[(int)FinishReason.Length],
            counters.Finished[(int)FinishReason.Cancelled],
            counters.Finished[(int)FinishReason.Error],
            Volatile.Read(ref counters.Replays));
    }

    /// <summary>Takes no more requests and completes when all answers have ended.</summary>
    /// <param name="cancellationToken">Ends the wait: what still runs is cancelled.</param>
    public async Task DrainAsync(CancellationToken cancellationToken = default)
    {
        Close();
        _loop.Drain();
        using CancellationTokenRegistration registration =
            cancellationToken.UnsafeRegister(static loop => ((EngineLoop)loop!).Abort(), _loop);
        await _loop.Ended.ConfigureAwait(false);
    }

    /// <summary>Cancels everything and ends the thread. Call <see cref="DrainAsync"/> first to let answers end.</summary>
    public async ValueTask DisposeAsync()
    {
        Close();
        _loop.Abort();
        await _loop.Ended.ConfigureAwait(false);
    }

    private void Close()
    {
        lock (_gate)
        {
            _closed = true;
        }
    }
}
