using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Scheduling;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Engine;

/// <summary>
/// The one thread that steps the scheduler. It sleeps while there is nothing to do, and an executor that completes later continues
/// on it, so the scheduler needs no locks. It does not know requests.
/// </summary>
internal sealed class EngineLoop : SynchronizationContext
{
    /// <summary>Often enough for prefixes that may be forgotten after minutes, too seldom to be noticed on an idle machine.</summary>
    private static readonly TimeSpan IdleCheck = TimeSpan.FromSeconds(1);

    private readonly Scheduler _scheduler;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly AutoResetEvent _wake = new(false);
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _posted = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _stopping;

    /// <summary>Starts the thread.</summary>
    public EngineLoop(Scheduler scheduler, ILogger logger)
    {
        _scheduler = scheduler;
        _logger = logger;
        new Thread(Run) { Name = "hunyuan-engine", IsBackground = true }.Start();
    }

    /// <summary>Completes when the thread has ended.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Says that there may be something to do. Any thread.</summary>
    public void Wake() => _wake.Set();

    /// <summary>Ends the thread once nothing waits or runs. Any thread.</summary>
    public void Drain()
    {
        _stopping = true;
        Wake();
    }

    /// <summary>Ends the thread after giving up the current step and all work. Any thread.</summary>
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
                    CheckIdle();
                    _wake.WaitOne(_scheduler.FreeIdlePrefixes() ? IdleCheck : Timeout.InfiniteTimeSpan);
                }
            }
            catch (Exception) when (_abort.IsCancellationRequested)
            {
                break;
            }
            catch (Exception fault)
            {
                // A fault here is the engine's own, not the executor's; requests that come later start from a clean state.
                SchedulerLog.LoopFailed(_logger, fault);
                _scheduler.Recover("The engine failed; the log has the details.");
            }
        }

        _scheduler.EndAll(FinishReason.Cancelled, null);
        _ended.SetResult();
    }

    private void Step()
    {
        ValueTask<bool> step = _scheduler.StepAsync(_abort.Token);
        if (!step.IsCompleted)
        {
            Task<bool> task = step.AsTask();
            task.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(Wake);
            while (!task.IsCompleted)
            {
                _wake.WaitOne();
                RunPosted();
            }

            step = new ValueTask<bool>(task);
        }

        if (!step.GetAwaiter().GetResult() && _scheduler.HasWork)
        {
            throw new InvalidOperationException("The scheduler has work and planned none of it.");
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
    private void CheckIdle() => _scheduler.CheckIntegrity();
}
