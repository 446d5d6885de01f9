using HunyuanOrleans.Engine.Kv;

namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>
/// The steps in flight. A sequence is in one of them at a time, so which step it rides in changes nothing it computes. Only the scheduler's thread uses it,
/// except for <see cref="Notify"/>.
/// </summary>
/// <param name="options">How large steps get.</param>
/// <param name="maxTokens">Most tokens that a step samples.</param>
/// <param name="pool">The KV blocks.</param>
internal sealed class StepLanes(SchedulerOptions options, int maxTokens, KvPool pool)
{
    private readonly List<StepLane> _lanes = [];
    private TaskCompletionSource? _notified;

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
            _lanes.Add(free = new StepLane(options, maxTokens, pool));
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

    /// <summary>Waits until a step ends or <see cref="Notify"/> is called.</summary>
    /// <param name="mustNotWait">Read after the wait can be ended by <see cref="Notify"/>: true if there is something to do already.</param>
    public async Task WaitAsync(Func<bool> mustNotWait)
    {
        TaskCompletionSource notified = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _notified, notified);
        if (!mustNotWait())
        {
            await Task.WhenAny(_lanes.Select(static lane => lane.Running).OfType<Task>().Append(notified.Task));
        }

        Volatile.Write(ref _notified, null);
    }

    /// <summary>Waits until no step is computed any more, whatever becomes of the steps.</summary>
    public Task SettleAsync() => Task.WhenAll(_lanes.Select(static lane => lane.Running).OfType<Task>().Select(static async step =>
        await step.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing)));

    /// <summary>Empties all lanes.</summary>
    public void Clear() => _lanes.ForEach(static lane => lane.Clear());

    /// <summary>Ends a wait: there may be work for another step. Any thread.</summary>
    public void Notify() => Volatile.Read(ref _notified)?.TrySetResult();
}
