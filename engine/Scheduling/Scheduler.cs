using System.Runtime.CompilerServices;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Kv;
using HunyuanOrleans.Engine.Speculation;
using HunyuanOrleans.Text.Streaming;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>
/// Continuous batching: it chooses what the next steps compute, has the executor compute them, and passes the new tokens to their readers. As many steps
/// are in flight as the executor takes, each with sequences of its own. Read <see cref="StepAsync"/> first. It does not know weights, chat templates or
/// connections. One thread steps; any thread may submit and cancel.
/// </summary>
internal sealed class Scheduler
{
    private readonly IModelExecutor _executor;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly WaitingQueue _waiting;
    private readonly List<Sequence> _running;
    private readonly BlockTables _blockTables;
    private readonly StepPlanner _planner;
    private readonly AnswerWriter _answers;
    private readonly StepLanes _lanes;
    private readonly Func<bool> _hasNews;
    private int _anyCancelRequested;
    private long _kvLosses;
    private CancellationTokenSource? _steps;

    /// <summary>Creates a scheduler with an empty queue.</summary>
    /// <param name="executor">Computes the steps; not disposed.</param>
    /// <param name="options">How steps are filled; lowered to the executor's limits.</param>
    /// <param name="text">The bytes of tokens, for stop strings; null without a tokenizer.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Receives details of failures.</param>
    public Scheduler(IModelExecutor executor, SchedulerOptions options, ITokenText? text, TimeProvider time, ILogger logger)
    {
        options.Validate();
        _executor = executor;
        Text = text;
        _time = time;
        _logger = logger;
        Options = options.Fit(executor.Limits);
        Pool = new KvPool(executor.Limits.KvBlocks, options.PrefixIdleTime is null ? null : time);
        _hasNews = HasNews;
        _lanes = new StepLanes(Options, executor.Limits.MaxBatchSequences, Pool);
        _waiting = new WaitingQueue(Options.QueueLength);
        _running = new List<Sequence>(Options.MaxSequences);
        _blockTables = new BlockTables(Pool, executor.Limits.BlockPositions, Options.PrefixCache);
        DraftPlanner drafts = new(Options, executor.Limits, _blockTables, Counters);
        _planner = new StepPlanner(Options, _waiting, _running, _blockTables, drafts, Counters, time);
        _answers = new AnswerWriter(executor.Limits.VocabularySize, _blockTables, drafts, text, Counters, time, logger);
    }

    /// <summary>The options in effect.</summary>
    public SchedulerOptions Options { get; }

    /// <summary>The bytes of tokens; null without a tokenizer.</summary>
    public ITokenText? Text { get; }

    /// <summary>True while any sequence waits or runs. Only for the stepping thread.</summary>
    public bool HasWork => _running.Count > 0 || !_waiting.IsEmpty;

    public KvPool Pool { get; }

    public SchedulerCounters Counters { get; } = new();

    /// <summary>Number of sequences that have not started.</summary>
    public int Waiting => _waiting.NewCount;

    /// <summary>Number of sequences that have started and not finished, without pre-empted ones.</summary>
    public int Running => _running.Count;

    /// <summary>Receives requests, starts as many steps as may be in flight, and processes the result of one of them. The engine repeats this method.</summary>
    /// <param name="cancellationToken">Cancels the steps. Their sequences keep their tokens; their keys and values are then unknown.</param>
    /// <returns>False if there was nothing to compute.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> StepAsync(CancellationToken cancellationToken)
    {
        ReceiveSubmissionsAndCancellations();
        FreeIdlePrefixes();

        StartSteps(cancellationToken);
        if (_lanes.FindEnded() is null)
        {
            if (!_lanes.AnyTaken)
            {
                return false;
            }

            await _lanes.WaitAsync(_hasNews);
        }

        // After a request that arrived meanwhile, the next call starts a step for it.
        if (_lanes.FindEnded() is { } ended)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await ProcessAsync(ended);
        }

        return true;
    }

    /// <summary>
    /// Frees cached blocks that have been idle for <see cref="SchedulerOptions.PrefixIdleTime"/>. Call it about once a second while
    /// nothing runs; steps call it themselves.
    /// </summary>
    /// <returns>True if idle blocks remain that a later call may free.</returns>
    public bool FreeIdlePrefixes()
    {
        if (Options.PrefixIdleTime is not TimeSpan maxIdleTime)
        {
            return false;
        }

        Pool.FreeIdleBlocks(maxIdleTime);
        return Pool.IdleBlocks > 0;
    }

    /// <summary>Counts sequences as waiting before they are submitted. Any thread.</summary>
    /// <exception cref="QueueFullException">They do not all fit; none is counted.</exception>
    public void Reserve(int sequences) => _waiting.Reserve(sequences);

    /// <summary>Takes back what was reserved for sequences that are not submitted. Any thread.</summary>
    public void Release(int sequences) => _waiting.Release(sequences);

    /// <summary>Queues the sequences of one request, for which room was reserved. Any thread.</summary>
    public void Submit(ReadOnlySpan<Sequence> sequences)
    {
        _waiting.Submit(sequences);
        _lanes.Notify();
    }

    /// <summary>Tells the scheduler that a sequence has <see cref="Sequence.CancelRequested"/> set. Any thread.</summary>
    public void NotifyCancelRequested()
    {
        Interlocked.Exchange(ref _anyCancelRequested, 1);
        _lanes.Notify();
    }

    /// <summary>Waits until no step is computed any more, and forgets what the last ones computed. After a failure, or when the engine ends.</summary>
    public async Task SettleAsync()
    {
        await _lanes.SettleAsync();
        _lanes.Clear();
        _steps?.Dispose();
        _steps = null;
    }

    /// <summary>Finishes all waiting and running sequences. No step may be in flight.</summary>
    public void FinishAll(FinishReason reason, string? error)
    {
        _waiting.ReceiveSubmitted();
        for (int i = _waiting.Sequences.Count - 1; i >= 0; i--)
        {
            Sequence sequence = _waiting.Sequences[i];
            _waiting.RemoveAt(i);
            _answers.Finish(sequence, reason, error);
        }

        foreach (Sequence sequence in _running)
        {
            _answers.Finish(sequence, reason, error);
        }

        _running.Clear();
    }

    /// <summary>Finishes all sequences with an error and resets the pool, after a failure that may have left its records wrong. No step may be in flight.</summary>
    public void Reset(string error)
    {
        _waiting.ReceiveSubmitted();
        foreach (Sequence sequence in (Sequence[])[.. _waiting.Sequences, .. _running])
        {
            sequence.ClearBlocks();
        }

        Pool.Reset();
        FinishAll(FinishReason.Error, error);
    }

    /// <summary>Checks that every block is accounted for.</summary>
    /// <exception cref="InvalidOperationException">A block is not; the message names it.</exception>
    public void CheckIntegrity() => Pool.CheckIntegrity(_running.Select(static sequence => sequence.Blocks));

    private void ReceiveSubmissionsAndCancellations()
    {
        // Read the flag first: a sequence whose cancellation it reports was submitted before, so it is then in the queue or running.
        bool anyCancelled = Interlocked.Exchange(ref _anyCancelRequested, 0) != 0;
        bool anyFinished = _waiting.ReceiveSubmitted();
        if (!anyCancelled && !anyFinished)
        {
            return;
        }

        for (int i = _waiting.Sequences.Count - 1; i >= 0; i--)
        {
            Sequence sequence = _waiting.Sequences[i];
            if (sequence.FinishedByResume != FinishReason.None || sequence.CancelRequested)
            {
                _waiting.RemoveAt(i);
                FinishReason reason = sequence.FinishedByResume != FinishReason.None ? sequence.FinishedByResume : FinishReason.Cancelled;
                _answers.Finish(sequence, reason, endsWithStopId: sequence.ResumeEndsWithStopId);
            }
        }

        foreach (Sequence sequence in _running)
        {
            if (sequence is { CancelRequested: true, IsPlanned: false })
            {
                _answers.Finish(sequence, FinishReason.Cancelled);
            }
        }

        RemoveFinished();
    }

    private void StartSteps(CancellationToken cancellationToken)
    {
        int most = _executor.StepsInFlight;
        while (_lanes.FindFree(most) is { } lane)
        {
            // The options may ask for more decode steps than the executor takes at once, and each would then get too few sequences.
            int decodeSteps = Math.Min(most, Options.DecodeSteps ?? _executor.DecodeSteps(Math.Max(1, _running.Count)));
            _planner.Plan(lane, decodeSteps, _lanes.Decoding);
            if (lane.Batch.SliceCount == 0)
            {
                return;
            }

            lane.Batch.KvLosses = _kvLosses;
            _steps ??= CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            _lanes.Start(lane, _executor, _time.GetTimestamp(), _steps.Token);
        }
    }

    private bool HasNews() => _waiting.HasSubmitted || Volatile.Read(ref _anyCancelRequested) != 0;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ProcessAsync(StepLane ended)
    {
        Exception? failure = Process(ended);
        if (failure is null)
        {
            return;
        }

        // The blocks of other steps must not be given away while they are written.
        if (failure is KvLostException)
        {
            await _lanes.SettleAsync();

            // What they have computed still counts.
            while (_lanes.FindEnded() is { } other)
            {
                _ = Process(other);
            }

            RequeueAll(failure);
        }
        else
        {
            await _steps!.CancelAsync();
            await SettleAsync();
            FinishAll(FinishReason.Error, failure.Message);
        }
    }

    /// <summary>Processes the result of a step and frees its lane.</summary>
    /// <returns>The failure if it concerns all sequences; otherwise null.</returns>
    private Exception? Process(StepLane lane)
    {
        Exception? failure = lane.Failure;
        bool concernsAll = failure is KvLostException or ExecutorException { AffectsAll: true };
        if (failure is null)
        {
            Counters.Steps++;
            _answers.Write(lane);
        }
        else if (failure is not KvLostException)
        {
            SchedulerLog.StepFailed(_logger, concernsAll ? _running.Count : lane.Sequences.Count, lane.Batch.TokenCount, failure);
        }

        if (failure is not null && !concernsAll)
        {
            FinishStep(lane, failure);
        }

        lane.Clear();
        RemoveFinished();
        return concernsAll ? failure : null;
    }

    /// <summary>
    /// Returns all running sequences to their places in the queue, to be recomputed from their tokens, and resets the pool: none of its blocks can be
    /// trusted any more.
    /// </summary>
    private void RequeueAll(Exception failure)
    {
        SchedulerLog.KvLost(_logger, _running.Count, failure);
        _kvLosses++;
        foreach (Sequence sequence in _running)
        {
            // Its cancellation was received while it was in a step.
            if (sequence.CancelRequested)
            {
                _answers.Finish(sequence, FinishReason.Cancelled);
                continue;
            }

            _blockTables.Release(sequence);
            sequence.State = SequenceState.Waiting;
            _waiting.Requeue(sequence);
            Counters.Replays++;
        }

        _running.Clear();
        Pool.Reset();
    }

    private void FinishStep(StepLane lane, Exception failure)
    {
        string error = failure is ExecutorException known
            ? known.Message
            : "The model failed while computing this answer; the log has the details. Try the request again.";

        // If none of them has the adapter that failed, all end: the same step would be planned again at once.
        string? adapter = (failure as ExecutorException)?.Adapter?.Digest;
        bool isNamed = adapter is not null && lane.Sequences.Exists(sequence => sequence.Options.Adapter?.Digest == adapter);
        foreach (Sequence sequence in lane.Sequences)
        {
            if (sequence.CancelRequested)
            {
                _answers.Finish(sequence, FinishReason.Cancelled);
            }
            else if (!isNamed || adapter == sequence.Options.Adapter?.Digest)
            {
                _answers.Finish(sequence, FinishReason.Error, error);
            }
        }
    }

    private void RemoveFinished() => _running.RemoveAll(static sequence => sequence.State == SequenceState.Finished);
}
