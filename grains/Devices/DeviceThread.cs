using System.Collections.Concurrent;
using System.Diagnostics;

namespace HunyuanOrleans.Grains.Devices;

/// <summary>
/// The single thread that computes on a silo's device, one job after another. Computation never runs on Orleans' threads, and model parts need no
/// locks.
/// </summary>
public sealed class DeviceThread : IDisposable
{
    private readonly ConcurrentQueue<DeviceJob> _jobs = new();
    private readonly AutoResetEvent _posted = new(false);
    private readonly Action? _started;
    private readonly Func<string?>? _failure;
    private readonly Action<string>? _lost;
    private readonly Thread _thread;
    private volatile bool _stopping;
    private int _isWaiting;
    private long _busy;

    private DeviceThread(string name, Action? started, Func<string?>? failure, Action<string>? lost)
    {
        (_started, _failure, _lost) = (started, failure, lost);
        _thread = new Thread(Run) { Name = name, IsBackground = true };
    }

    /// <summary>Starts a thread.</summary>
    /// <param name="name">Name of the thread, for debuggers.</param>
    /// <param name="started">Runs first on the thread; null for none.</param>
    /// <param name="failure">Asked after each job: why the device cannot compute any more; null if it can.</param>
    /// <param name="lost">Called once, on the thread, with the first such reason.</param>
    public static DeviceThread Start(string name, Action? started = null, Func<string?>? failure = null, Action<string>? lost = null)
    {
        DeviceThread device = new(name, started, failure, lost);
        device._thread.Start();
        return device;
    }

    /// <summary>Seconds spent in jobs.</summary>
    public double BusySeconds => (double)Volatile.Read(ref _busy) / Stopwatch.Frequency;

    /// <summary>Ends the thread after its current job. Queued jobs fail with <see cref="ObjectDisposedException"/>.</summary>
    public void Dispose()
    {
        if (_stopping)
        {
            return;
        }

        _stopping = true;
        Wake();
        if (Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }
    }

    internal void Post(DeviceJob job)
    {
        _jobs.Enqueue(job);
        Wake();
        if (_stopping)
        {
            FailQueued();
        }
    }

    private void Run()
    {
        _started?.Invoke();
        bool isLost = false;
        while (!_stopping)
        {
            if (!_jobs.TryDequeue(out DeviceJob? job))
            {
                WaitForJob();
                continue;
            }

            long started = Stopwatch.GetTimestamp();
            job.Execute();
            Volatile.Write(ref _busy, _busy + (Stopwatch.GetTimestamp() - started));
            if (!isLost && _failure?.Invoke() is { } failure)
            {
                isLost = true;
                _lost?.Invoke(failure);
            }
        }

        FailQueued();
    }

    // It does not spin: the thread would take the core from those that bring its next job. The exchanges are full fences, so either this thread sees
    // the job or Wake sees that it waits.
    private void WaitForJob()
    {
        Interlocked.Exchange(ref _isWaiting, 1);
        if ((_jobs.IsEmpty && !_stopping) || Interlocked.Exchange(ref _isWaiting, 0) == 0)
        {
            _posted.WaitOne();
        }
    }

    private void Wake()
    {
        if (Interlocked.Exchange(ref _isWaiting, 0) == 1)
        {
            _posted.Set();
        }
    }

    private void FailQueued()
    {
        while (_jobs.TryDequeue(out DeviceJob? job))
        {
            job.Fail(new ObjectDisposedException(nameof(DeviceThread), "The silo's device is stopping."));
        }
    }
}
