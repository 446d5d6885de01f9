using System.Runtime.CompilerServices;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Kv;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Sampling;
using HunyuanOrleans.Engine.Text;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>
/// Continuous batching: step by step it chooses what is computed next, has the executor compute it, and hands the tokens to their
/// readers. Read <see cref="StepAsync"/> first. It does not know weights, text or connections. One thread steps; any thread may
/// submit and cancel.
/// </summary>
internal sealed class Scheduler
{
    private readonly IModelExecutor _executor;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly WaitingQueue _waiting;
    private readonly List<Sequence> _running;
    private readonly BlockTables _tables;
    private readonly StepPlanner _planner;
    private readonly StepBatch _batch;
    private readonly StepResult _result;
    private int _cancelRequested;

    /// <summary>Creates a scheduler with an empty queue.</summary>
    /// <param name="executor">Computes the steps; not disposed.</param>
    /// <param name="options">How steps are filled; lowered to what the executor takes.</param>
    /// <param name="text">The tokens' bytes, for stop strings; null where there is no tokenizer.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where details of faults go.</param>
    public Scheduler(IModelExecutor executor, SchedulerOptions options, ITokenText? text, TimeProvider time, ILogger logger)
    {
        options.Validate();
        _executor = executor;
        Text = text;
        _time = time;
        _logger = logger;
        Options = options.Fit(executor.Limits);
        Pool = new KvPool(executor.Limits.KvBlocks, options.PrefixIdleTime is null ? null : time);
        _batch = new StepBatch(Options.TokenBudget, Options.MaxSequences, Pool);
        _waiting = new WaitingQueue(Options.QueueLength);
        _running = new List<Sequence>(Options.MaxSequences);
        _tables = new BlockTables(Pool, executor.Limits.BlockPositions, Options.PrefixCache, _batch);
        _planner = new StepPlanner(Options, _waiting, _running, _tables, Counters, time);
        _result = new StepResult(Options.MaxSequences);
    }

    /// <summary>The options in effect.</summary>
    public SchedulerOptions Options { get; }

    /// <summary>The tokens' bytes, or null.</summary>
    public ITokenText? Text { get; }

    /// <summary>True while something waits or runs. The stepping thread's.</summary>
    public bool HasWork => _running.Count > 0 || !_waiting.IsEmpty;

    public KvPool Pool { get; }

    public SchedulerCounters Counters { get; } = new();

    public int Waiting => _waiting.Fresh;

    public int Running => _running.Count;

    /// <summary>Advances everything by one step: the life of the engine is this method, over and over.</summary>
    /// <param name="cancellationToken">Gives up the step; the sequences in it are as before, but their computed state is unknown.</param>
    /// <returns>False where there was nothing to compute.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> StepAsync(CancellationToken cancellationToken)
    {
        TakeInAndDropEnded();
        FreeIdlePrefixes();

        _batch.Clear();
        _planner.Plan(_batch);
        if (_batch.SliceCount == 0)
        {
            return false;
        }

        Exception? fault = null;
        try
        {
            await _executor.ExecuteAsync(_batch, _result, cancellationToken);
        }
        catch (Exception thrown) when (!cancellationToken.IsCancellationRequested)
        {
            fault = thrown;
        }

        _batch.ClearReleased();
        switch (fault)
        {
            case null:
                Commit();
                break;
            case KvLostException:
                ReplayAll(fault);
                break;
            default:
                FailStep(fault);
                break;
        }

        return true;
    }

    /// <summary>Frees what <see cref="SchedulerOptions.PrefixIdleTime"/> says; also to be called now and then while nothing runs.</summary>
    /// <returns>True where it may have more to do later although nothing runs.</returns>
    public bool FreeIdlePrefixes()
    {
        if (Options.PrefixIdleTime is not TimeSpan longest)
        {
            return false;
        }

        Pool.FreeIdle(longest);
        return Pool.Idle > 0;
    }

    /// <summary>Queues the sequences of one request. Any thread.</summary>
    /// <exception cref="QueueFullException">They do not all fit.</exception>
    public void Submit(ReadOnlySpan<Sequence> sequences) => _waiting.Submit(sequences);

    /// <summary>Notes that some sequence wants to be cancelled. Any thread.</summary>
    public void NoteCancel() => Interlocked.Exchange(ref _cancelRequested, 1);

    /// <summary>Ends everything that waits or runs.</summary>
    public void EndAll(FinishReason reason, string? error)
    {
        _waiting.TakeIn();
        for (int i = _waiting.Sequences.Count - 1; i >= 0; i--)
        {
            Sequence sequence = _waiting.Sequences[i];
            _waiting.RemoveAt(i);
            End(sequence, reason, error);
        }

        foreach (Sequence sequence in _running)
        {
            End(sequence, reason, error);
        }

        _running.Clear();
    }

    /// <summary>Ends everything with an error and starts the pool anew, after a fault that may have left its books wrong.</summary>
    public void Recover(string error)
    {
        _waiting.TakeIn();
        foreach (Sequence sequence in (Sequence[])[.. _waiting.Sequences, .. _running])
        {
            sequence.ForgetBlocks();
        }

        Pool.Reset();
        EndAll(FinishReason.Error, error);
    }

    /// <summary>Checks that every block is accounted for.</summary>
    /// <exception cref="InvalidOperationException">One is not.</exception>
    public void CheckIntegrity() => Pool.CheckIntegrity(_running.Select(static sequence => sequence.Blocks));

    private void TakeInAndDropEnded()
    {
        // In this order: whoever asked for a cancel before the flag is read was submitted before the queue is taken in.
        bool anyCancelled = Interlocked.Exchange(ref _cancelRequested, 0) != 0;
        bool anyEnded = _waiting.TakeIn();
        if (!anyCancelled && !anyEnded)
        {
            return;
        }

        for (int i = _waiting.Sequences.Count - 1; i >= 0; i--)
        {
            Sequence sequence = _waiting.Sequences[i];
            if (sequence.EndedBefore != FinishReason.None || sequence.CancelRequested)
            {
                _waiting.RemoveAt(i);
                FinishReason reason = sequence.EndedBefore != FinishReason.None ? sequence.EndedBefore : FinishReason.Cancelled;
                End(sequence, reason, endsWithStopId: sequence.EndedByStopId);
            }
        }

        foreach (Sequence sequence in _running)
        {
            if (sequence.CancelRequested)
            {
                End(sequence, FinishReason.Cancelled);
            }
        }

        RemoveEnded();
    }

    private void Commit()
    {
        Counters.Steps++;
        ReadOnlySpan<SequenceSlice> slices = _batch.Slices;
        for (int i = 0; i < slices.Length; i++)
        {
            Sequence sequence = _planner.Planned[i];
            sequence.Computed += slices[i].Count;
            _tables.Publish(sequence);
            if (slices[i].Sampling is not null)
            {
                Accept(sequence, in _result[i]);
            }
        }

        RemoveEnded();
    }

    private void Accept(Sequence sequence, in SampledToken token)
    {
        if ((uint)token.Id >= (uint)_executor.Limits.VocabularySize)
        {
            SchedulerLog.NoToken(_logger, token.Id, sequence.Count);
            End(sequence, FinishReason.Error, "No token could be drawn: every token is forbidden, or the model's output is not a number.");
            return;
        }

        sequence.Append(in token);
        sequence.FirstToken ??= _time.GetTimestamp();
        Counters.AnswerTokens++;
        if (sequence.FollowConstraint() is { } broken)
        {
            End(sequence, FinishReason.Error, broken);
            return;
        }

        FinishReason reason = AnswerEnd.Of(sequence.Options, Text, token.Id, sequence.AnswerLength, out bool isStopId);
        if (reason == FinishReason.None)
        {
            sequence.Stream.Publish();
        }
        else
        {
            End(sequence, reason, endsWithStopId: isStopId);
        }
    }

    /// <summary>Tokens are the truth: whoever runs waits again in its old place, and every block and prefix is forgotten.</summary>
    private void ReplayAll(Exception loss)
    {
        SchedulerLog.KvLost(_logger, _running.Count, loss);
        foreach (Sequence sequence in _running)
        {
            _tables.Clear(sequence);
            sequence.State = SequenceState.Waiting;
            _waiting.PutBack(sequence);
            Counters.Replays++;
        }

        _running.Clear();
        Pool.Reset();
    }

    private void FailStep(Exception fault)
    {
        SchedulerLog.StepFailed(_logger, _planner.Planned.Count, _batch.TokenCount, fault);
        string error = fault is ExecutorException known
            ? known.Message
            : "The model failed while computing this answer; the log has the details. Try the request again.";
        if (fault is ExecutorException { AffectsAll: true })
        {
            EndAll(FinishReason.Error, error);
            return;
        }

        foreach (Sequence sequence in _planner.Planned)
        {
            End(sequence, FinishReason.Error, error);
        }

        RemoveEnded();
    }

    private void End(Sequence sequence, FinishReason reason, string? error = null, bool endsWithStopId = false)
    {
        _tables.Clear(sequence);
        sequence.State = SequenceState.Finished;
        Counters.Finished[(int)reason]++;
        sequence.Stream.Complete(new ChoiceResult(
            sequence.Options.Choice,
            sequence.Answer,
            sequence.Samples?.Slice(0, sequence.Samples.Count) ?? default,
            reason,
            endsWithStopId,
            error,
            sequence.CachedPromptTokens,
            TimingsOf(sequence)));
    }

    private RequestTimings TimingsOf(Sequence sequence)
    {
        TimeSpan total = _time.GetElapsedTime(sequence.Submitted);
        return new RequestTimings(
            sequence.Started is long started ? _time.GetElapsedTime(sequence.Submitted, started) : total,
            sequence.FirstToken is long first ? _time.GetElapsedTime(sequence.Submitted, first) : null,
            total);
    }

    private void RemoveEnded() => _running.RemoveAll(static sequence => sequence.State == SequenceState.Finished);
}
