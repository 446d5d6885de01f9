using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Kv;

namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>A place for a step in flight: its batch, its result, and the sequences that take part. It is reused for one step after the other.</summary>
/// <param name="options">How large steps get.</param>
/// <param name="maxTokens">Most tokens that a step samples.</param>
/// <param name="pool">The KV blocks.</param>
internal sealed class StepLane(SchedulerOptions options, int maxTokens, KvPool pool)
{
    private Exception? _failure;

    /// <summary>The work of the step.</summary>
    public StepBatch Batch { get; } = new(options.TokenBudget, options.MaxSequences, pool);

    /// <summary>What the step computed, once it has ended without a failure.</summary>
    public StepResult Result { get; } = new(options.MaxSequences, maxTokens);

    /// <summary>The sequences of the step; entry i belongs to slice i of the batch.</summary>
    public List<Sequence> Sequences { get; } = new(options.MaxSequences);

    /// <summary>Number of sequences of the step that decode. The others compute their prompts or compute tokens again.</summary>
    public int Decodes { get; set; }

    /// <summary>Timestamp of the start of the step.</summary>
    public long StartedAt { get; private set; }

    /// <summary>True from the start of a step until <see cref="Clear"/>.</summary>
    public bool IsTaken { get; private set; }

    /// <summary>The step while the executor computes it; null if it has completed at once.</summary>
    public Task? Running { get; private set; }

    /// <summary>True once the step has ended.</summary>
    public bool HasEnded => IsTaken && Running is null or { IsCompleted: true };

    /// <summary>Why the step failed; null if it did not. Valid once it has ended.</summary>
    public Exception? Failure => _failure ?? (Running is { IsCompletedSuccessfully: false } failed
        ? failed.Exception?.InnerException ?? new OperationCanceledException("The step was cancelled.")
        : null);

    /// <summary>Gives the step to the executor. With an executor that completes at once it allocates nothing.</summary>
    /// <param name="executor">Computes the step.</param>
    /// <param name="startedAt">The present timestamp.</param>
    /// <param name="ended">Called on any thread when a step has ended that did not complete at once.</param>
    /// <param name="cancellationToken">Cancels the step.</param>
    public void Start(IModelExecutor executor, long startedAt, Action ended, CancellationToken cancellationToken)
    {
        (IsTaken, StartedAt) = (true, startedAt);
        try
        {
            ValueTask step = executor.ExecuteAsync(Batch, Result, cancellationToken);
            if (step.IsCompletedSuccessfully)
            {
                step.GetAwaiter().GetResult();
            }
            else
            {
                Running = step.AsTask();
                Running.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(ended);
            }
        }
        catch (Exception failure)
        {
            _failure = failure;
        }
    }

    /// <summary>Empties the lane for the next step.</summary>
    public void Clear()
    {
        foreach (Sequence sequence in Sequences)
        {
            sequence.IsPlanned = false;
        }

        Sequences.Clear();
        Batch.Clear();
        Batch.ClearReleasedSessions();
        (IsTaken, Running, _failure) = (false, null, null);
    }
}
