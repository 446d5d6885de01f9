using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>
/// Runs each step of a shard once. A step that arrives again gets the first reply. A step that is over is refused, because it would overwrite KV blocks that
/// belong to other sequences by now; if it still runs when a later one arrives, it is abandoned, and the later one waits for its end. Thread-safe.
/// </summary>
public sealed class StepDeduplicator
{
    private readonly Lock _gate = new();
    private readonly StepWindow _window = new();
    private readonly Dictionary<long, Entry> _steps = [];
    private long _epoch;

    // Completes when no step runs that is over.
    private Task _ending = Task.CompletedTask;

    /// <summary>Runs a step unless it has run before.</summary>
    /// <param name="epoch">Epoch of the step.</param>
    /// <param name="number">Number of the step.</param>
    /// <param name="inFlight">Numbers of the other steps that were under way when it was sent.</param>
    /// <param name="run">Runs the step. Its token is cancelled by <see cref="Cancel"/>, and when the step is over.</param>
    /// <exception cref="StaleStepException">The step is over.</exception>
    public Task<StepReply> Enter(long epoch, long number, long[] inFlight, Func<CancellationToken, Task<StepReply>> run)
    {
        Entry entry;
        Task ending;
        lock (_gate)
        {
            if (epoch < _epoch)
            {
                throw new StaleStepException($"Step {number} of epoch {epoch} comes late: epoch {_epoch} was here.");
            }

            if (epoch > _epoch)
            {
                _epoch = epoch;
                _window.Clear();
                Abandon(static _ => true);
            }

            if (_steps.TryGetValue(number, out Entry? known))
            {
                return known.Reply.Task;
            }

            if (_window.Enter(number, inFlight))
            {
                Abandon(step => !_window.Contains(step));
            }

            _steps.Add(number, entry = new Entry());
            ending = _ending;
        }

        _ = CompleteAsync(run, entry, ending);
        return entry.Reply.Task;
    }

    /// <summary>The reply of a step that has run or is running.</summary>
    /// <exception cref="StaleStepException">The step is not here.</exception>
    public Task<StepReply> Find(long epoch, long number)
    {
        lock (_gate)
        {
            return Known(epoch, number)?.Reply.Task
                ?? throw new StaleStepException($"Step {number} of epoch {epoch} is not here: step {_window.Latest} of epoch {_epoch} was.");
        }
    }

    /// <summary>Abandons a step that nobody waits for.</summary>
    public void Cancel(long epoch, long number)
    {
        Entry? entry;
        lock (_gate)
        {
            entry = Known(epoch, number);
        }

        entry?.Cancellation.Cancel();
    }

    /// <summary>Records that a step was sent to the next shard.</summary>
    public void MarkForwarded(long epoch, long number)
    {
        lock (_gate)
        {
            if (Known(epoch, number) is { } entry)
            {
                entry.Forwarded = true;
            }
        }
    }

    /// <summary>Where a step is.</summary>
    public StepPhase PhaseOf(long epoch, long number)
    {
        lock (_gate)
        {
            return Known(epoch, number) is not { } entry ? StepPhase.Unknown
                : entry.Reply.Task.IsCompleted ? StepPhase.Done
                : entry.Forwarded ? StepPhase.Forwarded
                : StepPhase.Running;
        }
    }

    private Entry? Known(long epoch, long number) => epoch == _epoch ? _steps.GetValueOrDefault(number) : null;

    private void Abandon(Func<long, bool> isOver)
    {
        List<Task> ending = [_ending];
        foreach (long number in _steps.Keys.Where(isOver).ToArray())
        {
            _steps.Remove(number, out Entry? entry);
            if (!entry!.Reply.Task.IsCompleted)
            {
                // On another thread: what it wakes must not run under the lock.
                _ = entry.Cancellation.CancelAsync();
                ending.Add(entry.Reply.Task.ContinueWith(static _ => { }, TaskScheduler.Default));
            }
        }

        _ending = ending.Count == 1 ? _ending : Task.WhenAll(ending);
    }

    private static async Task CompleteAsync(Func<CancellationToken, Task<StepReply>> run, Entry entry, Task ending)
    {
        try
        {
            await ending;
            entry.Reply.SetResult(await run(entry.Cancellation.Token));
        }
        catch (Exception fault)
        {
            entry.Reply.SetException(fault);

            // The sender may have gone: reading Exception marks it as observed.
            _ = entry.Reply.Task.Exception;
        }
    }

    private sealed class Entry
    {
        public TaskCompletionSource<StepReply> Reply { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public CancellationTokenSource Cancellation { get; } = new();

        public bool Forwarded { get; set; }
    }
}
