using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>
/// Runs each step of a shard once: a step that arrives again gets the first reply. It does not know which steps are over, see
/// <see cref="Devices.SiloSteps"/>. Thread-safe.
/// </summary>
public sealed class StepDeduplicator
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(long Epoch, long Number), Entry> _steps = [];

    /// <summary>Records a step. The caller runs it with <see cref="Start"/> if it is new.</summary>
    /// <param name="epoch">Epoch of the step.</param>
    /// <param name="number">Number of the step.</param>
    /// <param name="isNew">False if the step was here before.</param>
    internal Entry Register(long epoch, long number, out bool isNew)
    {
        lock (_gate)
        {
            isNew = !_steps.TryGetValue((epoch, number), out Entry? entry);
            return isNew ? _steps[(epoch, number)] = new Entry() : entry!;
        }
    }

    /// <summary>Runs a new step.</summary>
    /// <param name="step">The step.</param>
    /// <param name="ending">Completes when the step may begin.</param>
    /// <param name="run">Runs it. Its token is cancelled by <see cref="Cancel"/>, and when the step is over.</param>
    /// <param name="state">Passed to <paramref name="run"/>.</param>
    internal static void Start<T>(Entry step, Task ending, Func<T, CancellationToken, Task<StepReply>> run, T state) => _ = CompleteAsync(step, ending, run, state);

    /// <summary>The reply of a step that has run or is running.</summary>
    /// <exception cref="StaleStepException">The step is not here.</exception>
    public Task<StepReply> Find(long epoch, long number) =>
        Known(epoch, number)?.Reply ?? throw new StaleStepException($"Step {number} of epoch {epoch} is not here.");

    /// <summary>Abandons a step that nobody waits for.</summary>
    public void Cancel(long epoch, long number) => Known(epoch, number)?.Cancel();

    /// <summary>Records that a step was sent to the next shard.</summary>
    public void MarkForwarded(long epoch, long number)
    {
        if (Known(epoch, number) is { } entry)
        {
            entry.Forwarded = true;
        }
    }

    /// <summary>Where a step is.</summary>
    public StepPhase PhaseOf(long epoch, long number) => Known(epoch, number) is not { } entry ? StepPhase.Unknown
        : entry.Reply.IsCompleted ? StepPhase.Done
        : entry.Forwarded ? StepPhase.Forwarded
        : StepPhase.Running;

    /// <summary>Forgets steps that are over, and abandons those of them that still run.</summary>
    /// <param name="isOver">Tells by its number whether a step is over.</param>
    /// <returns>For each of them that still runs, a task that completes when it has ended and never throws.</returns>
    internal List<Task> Abandon(Func<long, bool> isOver)
    {
        List<Task> ending = [];
        lock (_gate)
        {
            foreach (((long Epoch, long Number) step, Entry entry) in _steps)
            {
                // Removing does not disturb the enumeration.
                if (isOver(step.Number) && _steps.Remove(step) && !entry.Reply.IsCompleted)
                {
                    // On another thread: what it wakes must not run under a lock.
                    _ = entry.CancelAsync();
                    ending.Add(entry.Reply.ContinueWith(static _ => { }, TaskScheduler.Default));
                }
            }
        }

        return ending;
    }

    private Entry? Known(long epoch, long number)
    {
        lock (_gate)
        {
            return _steps.GetValueOrDefault((epoch, number));
        }
    }

    private static async Task CompleteAsync<T>(Entry step, Task ending, Func<T, CancellationToken, Task<StepReply>> run, T state)
    {
        try
        {
            await ending;
            step.Complete(await run(state, step.Cancellation));
        }
        catch (Exception fault)
        {
            step.Fail(fault);
        }
    }

    /// <summary>A step that was here.</summary>
    internal sealed class Entry
    {
        private readonly TaskCompletionSource<StepReply> _reply = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly CancellationTokenSource _cancellation = new();
        private volatile bool _forwarded;

        /// <summary>The reply of the step.</summary>
        public Task<StepReply> Reply => _reply.Task;

        /// <summary>Cancelled when the step is abandoned.</summary>
        public CancellationToken Cancellation => _cancellation.Token;

        /// <summary>True once the step was sent to the next shard.</summary>
        public bool Forwarded
        {
            get => _forwarded;
            set => _forwarded = value;
        }

        /// <summary>Abandons the step.</summary>
        public void Cancel() => _cancellation.Cancel();

        /// <inheritdoc cref="Cancel"/>
        public Task CancelAsync() => _cancellation.CancelAsync();

        /// <summary>Ends the step with a reply.</summary>
        public void Complete(StepReply reply) => _reply.SetResult(reply);

        /// <summary>Ends the step with a fault.</summary>
        public void Fail(Exception fault)
        {
            _reply.SetException(fault);

            // The sender may have gone: reading Exception marks it as observed.
            _ = _reply.Task.Exception;
        }
    }
}
