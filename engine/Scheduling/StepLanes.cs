using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Kv;

namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>
/// The steps in flight. A sequence is in one of them at a time, so which step it rides in changes nothing it computes. Only the scheduler's thread uses it,
/// except for <see cref="Notify"/>.
/// </summary>
internal sealed class StepLanes
{
    private readonly SchedulerOptions _options;
    private readonly int _maxTokens;
    private readonly KvPool _pool;
    private readonly List<StepLane> _lanes = [];
    private readonly Action _notify;
    private TaskCompletionSource? _notified;

    /// <summary>Creates lanes when they are first needed.</summary>
    /// <param name="options">How large steps get.</param>
    /// <param name="maxTokens">Most tokens that a step samples.</param>
    /// <param name="pool">The KV blocks.</param>
    public StepLanes(SchedulerOptions options, int maxTokens, KvPool pool)
    {
        (_options, _maxTokens, _pool) = (options, maxTokens, pool);
        _notify = Notify;
    }

    /// <summary>True while any step has started whose result was not processed.</summary>
    public bool AnyTaken
    {
        get
        {
            foreach (StepLane lane in _lanes)
            {
                if (lane.IsTaken)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Number of steps that have started, whose results were not processed, and in which sequences decode.</summary>
    public int Decoding
    {
        get
        {
            int decoding = 0;
            foreach (StepLane lane in _lanes)
            {
                decoding += lane.IsTaken && lane.Decodes > 0 ? 1 : 0;
            }

            return decoding;
        }
    }

    /// <summary>A lane for another step; null if there are as many steps as there may be.</summary>
    /// <param name="most">Most steps in flight.</param>
    public StepLane? FindFree(int most)
    {
        StepLane? free = null;
        int taken = 0;
        foreach (StepLane lane in _lanes)
        {
            taken += lane.IsTaken ? 1 : 0;
            free = lane.IsTaken ? free : free ?? lane;
        }

        if (taken >= most)
        {
            return null;
        }

        if (free is null)
        {
            _lanes.Add(free = new StepLane(_options, _maxTokens, _pool));
        }

        return free;
    }

    /// <summary>A lane whose step has ended; null if there is none.</summary>
    public StepLane? FindEnded()
    {
        foreach (StepLane lane in _lanes)
        {
            if (lane.HasEnded)
            {
                return lane;
            }
        }

        return null;
    }

    /// <summary>Gives a step to the executor. With an executor that completes at once it allocates nothing.</summary>
    /// <param name="lane">A free lane with a batch.</param>
    /// <param name="executor">Computes the step.</param>
    /// <param name="startedAt">The present timestamp.</param>
    /// <param name="cancellationToken">Cancels the step.</param>
    public void Start(StepLane lane, IModelExecutor executor, long startedAt, CancellationToken cancellationToken) =>
        lane.Start(executor, startedAt, _notify, cancellationToken);

    /// <summary>Waits until a step ends or <see cref="Notify"/> is called.</summary>
    /// <param name="mustNotWait">Read after the wait can be ended by <see cref="Notify"/>: true if there is something to do already.</param>
    public async Task WaitAsync(Func<bool> mustNotWait)
    {
        TaskCompletionSource notified = new(TaskCreationOptions.RunContinuationsAsynchronously);
        // A full fence, here and in Notify: either this reads what has happened, or Notify reads the task.
        Interlocked.Exchange(ref _notified, notified);
        if (!mustNotWait() && FindEnded() is null)
        {
            await notified.Task;
        }

        Volatile.Write(ref _notified, null);
    }

    /// <summary>Waits until no step is computed any more, whatever becomes of the steps.</summary>
    public async Task SettleAsync()
    {
        foreach (StepLane lane in _lanes)
        {
            if (lane.Running is { } running)
            {
                await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            }
        }
    }

    /// <summary>Empties all lanes.</summary>
    public void Clear() => _lanes.ForEach(static lane => lane.Clear());

    /// <summary>Ends a wait: a step has ended, or there may be work for another one. Any thread.</summary>
    public void Notify()
    {
        Interlocked.MemoryBarrier();
        Volatile.Read(ref _notified)?.TrySetResult();
    }
}
