using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Scheduling;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Engine;

/// <summary>
/// The thread that steps the scheduler and sleeps while there is no work. It is also the synchronization context of the steps: when an
/// executor completes asynchronously, the step continues on this thread, so the scheduler needs no locks.
/// </summary>
internal sealed class EngineLoop : SynchronizationContext
{
    /// <summary>
    /// How often idle prefixes are checked while nothing runs. Prefixes expire after minutes, so a second is precise enough, and the load
    /// is negligible.
    /// </summary>
    private static readonly TimeSpan IdleCheckInterval = TimeSpan.FromSeconds(1);

    private readonly Scheduler _scheduler;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly AutoResetEvent _wake = new(false);
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _posted = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _stopping;

    /// <summary>Creates the loop; <see cref="Start"/> starts it.</summary>
    public EngineLoop(Scheduler scheduler, ILogger logger)
    {
        _scheduler = scheduler;
        _logger = logger;
    }

    /// <summary>Completes when the thread has ended.</summary>
    public Task Completion => _completion.Task;

    /// <summary>Starts the thread. Call it once.</summary>
    public void Start() => new Thread(Run) { Name = "hunyuan-engine", IsBackground = true }.Start();

    /// <summary>Tells the loop that there may be work. Any thread.</summary>
    public void Wake() => _wake.Set();

    /// <summary>Ends the thread once no sequence waits or runs. Any thread.</summary>
    public void Drain()
    {
        _stopping = true;
        Wake();
    }

    /// <summary>Cancels the current step and all sequences and ends the thread. Any thread.</summary>
    public void Abort()
    {
        _stopping = true;
        _abort.Cancel();
        Wake();
    }

    /// <inheritdoc/>
    public override void Post(SendOrPostCallback d, object? state)
    {
        lock (_gate)
        {
            _posted.Enqueue((d, state));
        }

        Wake();
    }

    private void Run()
    {
        SetSynchronizationContext(this);
        while (!_abort.IsCancellationRequested && !(_stopping && !_scheduler.HasWork))
        {
            try
            {
                RunPosted();
                if (_scheduler.HasWork)
                {
                    Step();
                }
                else
                {
                    CheckIntegrity();
                    _wake.WaitOne(_scheduler.FreeIdlePrefixes() ? IdleCheckInterval : Timeout.InfiniteTimeSpan);
                }
            }
            catch (Exception) when (_abort.IsCancellationRequested)
            {
                break;
            }
            catch (Exception exception)
            {
                // The step handles executor failures, so this is a defect of the engine. Later requests must start from a clean state.
                SchedulerLog.LoopFailed(_logger, exception);
                Complete(_scheduler.SettleAsync());
                _scheduler.Reset("The engine failed; the log has the details.");
            }
        }

        Complete(_scheduler.SettleAsync());
        _scheduler.FinishAll(FinishReason.Cancelled, null);
        _completion.SetResult();
    }

    private void Step()
    {
        ValueTask<bool> step = _scheduler.StepAsync(_abort.Token);
        if (!step.IsCompleted)
        {
            Task<bool> task = step.AsTask();
            Complete(task);
            step = new ValueTask<bool>(task);
        }

        if (!step.GetAwaiter().GetResult() && _scheduler.HasWork)
        {
            throw new InvalidOperationException("The scheduler has work but planned none of it.");
        }
    }

    // Runs what is posted until the task has ended.
    private void Complete(Task task)
    {
        task.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(Wake);
        while (!task.IsCompleted)
        {
            _wake.WaitOne();
            RunPosted();
        }
    }

    private void RunPosted()
    {
        while (true)
        {
            (SendOrPostCallback Callback, object? State) item;
            lock (_gate)
            {
                if (!_posted.TryDequeue(out item))
                {
                    return;
                }
            }

            item.Callback(item.State);
        }
    }

    [System.Diagnostics.Conditional("DEBUG")]
    private void CheckIntegrity() => _scheduler.CheckIntegrity();
}
