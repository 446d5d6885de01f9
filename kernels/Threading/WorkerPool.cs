using System.Runtime.ExceptionServices;

namespace HunyuanOrleans.Kernels.Threading;

/// <summary>
/// Runs jobs on a fixed set of threads. Idle workers spin briefly before they park: fork and join cost a fraction of a microsecond while
/// jobs follow each other closely, and an idle pool uses no CPU. Each worker starts with a consecutive range of the units, the same range for
/// equal counts, so that it finds in its cache what the previous job left there; a worker that finishes early steals units from others. The
/// caller of <see cref="Run"/> is worker 0. Concurrent callers take turns.
/// </summary>
public sealed class WorkerPool : IDisposable
{
    // About 100 µs: longer than the serial parts of a decode step, far shorter than the pause between two requests.
    private const int SpinsBeforePark = 4000;
    private const int SpinsBeforeYield = 2000;

    private readonly Thread[] _threads;
    private readonly SemaphoreSlim _wake = new(0);
    private readonly Lock _callerLock = new();
    private IJob? _job;
    private readonly WorkStealingRanges _ranges;
    private int _count;
    private int _completed;
    private int _parked;
    private int _forkCount;
    private volatile bool _stopping;
    private ExceptionDispatchInfo? _fault;

    /// <summary>Starts the workers.</summary>
    /// <param name="threads">Workers including the caller, 1 to 1024; 0 means one for each CPU this process may use.</param>
    /// <param name="pin">
    /// Whether worker i is bound to the i-th CPU the process may use (Linux only; default true). Turn it off if several processes share the CPUs.
    /// </param>
    public WorkerPool(int threads = 0, bool pin = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, 1024);
        Threads = threads == 0 ? Environment.ProcessorCount : threads;
        Pinned = pin && Threads <= Environment.ProcessorCount;
        _ranges = new WorkStealingRanges(Threads);
        _threads = new Thread[Threads - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            int worker = i + 1;
            _threads[i] = new Thread(() => WorkerLoop(worker)) { IsBackground = true, Name = $"kernel worker {worker}" };
            _threads[i].Start();
        }
    }

    /// <summary>Number of workers, including the caller.</summary>
    public int Threads { get; }

    /// <summary>Whether workers are bound to CPUs.</summary>
    public bool Pinned { get; }

    /// <summary>
    /// Binds the calling thread to the CPU of worker 0, if workers are bound. Meant for a thread that only calls <see cref="Run"/>: the
    /// operating system may otherwise run the caller on the CPU of a pinned worker.
    /// </summary>
    public void PinCurrentThread()
    {
        if (Pinned)
        {
            CpuAffinity.BindCurrentThread(0);
        }
    }

    /// <summary>Runs all units of <paramref name="job"/> and returns when the last one is done.</summary>
    /// <param name="job">The work.</param>
    /// <param name="count">Number of units; 0 does nothing.</param>
    /// <exception cref="Exception">The first exception that a unit threw. The other units have still run.</exception>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public void Run(IJob job, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);

        // The lock is needed even if the caller runs every unit itself: two callers would both be worker 0 and share its scratch memory.
        lock (_callerLock)
        {
            ObjectDisposedException.ThrowIf(_stopping, this);
            if (_threads.Length == 0 || count <= 1)
            {
                RunOnCaller(job, count);
                return;
            }

            Fork(job, count);
            RunUnits(0);
            Join();
        }
    }

    /// <summary>Stops the workers. No job may be running.</summary>
    public void Dispose()
    {
        lock (_callerLock)
        {
            if (_stopping)
            {
                return;
            }

            _stopping = true;
            _wake.Release(Math.Max(1, _threads.Length));
        }

        foreach (Thread thread in _threads)
        {
            thread.Join();
        }

        _wake.Dispose();
    }

    /// <summary>Wake-ups that were released and that no worker has consumed yet.</summary>
    internal int PendingWakes => _wake.CurrentCount;

    /// <summary>Workers that are parked or about to park.</summary>
    internal int ParkedWorkers => Volatile.Read(ref _parked);

    private static void RunOnCaller(IJob job, int count)
    {
        ExceptionDispatchInfo? fault = null;
        for (int unit = 0; unit < count; unit++)
        {
            try
            {
                job.Run(unit, 0);
            }
            catch (Exception e)
            {
                fault ??= ExceptionDispatchInfo.Capture(e);
            }
        }

        fault?.Throw();
    }

    private void Fork(IJob job, int count)
    {
        _job = job;
        _count = count;
        _fault = null;
        Volatile.Write(ref _completed, 0);

        // Workers may take units as soon as the first range is set, so everything they read must be written before. A worker may still be
        // looking for units of the previous job. It does no harm: Join has waited for all of those, so any unit it finds belongs to this job.
        for (int worker = 0; worker < Threads; worker++)
        {
            _ranges.Set(worker, (int)((long)count * worker / Threads), (int)((long)count * (worker + 1) / Threads));
        }

        Interlocked.Increment(ref _forkCount);
        int parked = Volatile.Read(ref _parked);
        if (parked > 0)
        {
            // A short job ends before the workers it woke are running. Wake-ups that are still pending are not released again: they would
            // add up and keep workers awake long after the last job.
            int wakes = Math.Min(parked, count) - _wake.CurrentCount;
            if (wakes > 0)
            {
                _wake.Release(wakes);
            }
        }
    }

    private void Join()
    {
        int spins = 0;
        while (Volatile.Read(ref _completed) < _count)
        {
            if (++spins < SpinsBeforeYield)
            {
                Thread.SpinWait(1);
            }
            else
            {
                // The worker that runs the last unit has lost its CPU.
                Thread.Yield();
            }
        }

        _job = null;
        _fault?.Throw();
    }

    private void RunUnits(int worker)
    {
        for (int unit = _ranges.Take(worker, out _); unit >= 0; unit = _ranges.Take(worker, out _))
        {
            // The job cannot end before this unit is counted as completed, so _job does not change here.
            try
            {
                _job!.Run(unit, worker);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref _fault, ExceptionDispatchInfo.Capture(e), null);
            }

            Interlocked.Increment(ref _completed);
        }
    }

    private void WorkerLoop(int worker)
    {
        if (Pinned)
        {
            CpuAffinity.BindCurrentThread(worker);
        }

        int spins = 0;
        int lastFork = 0;
        while (!_stopping)
        {
            int forkCount = Volatile.Read(ref _forkCount);
            if (forkCount != lastFork)
            {
                lastFork = forkCount;
                RunUnits(worker);
                spins = 0;
            }
            else if (++spins < SpinsBeforePark)
            {
                Thread.SpinWait(1);
            }
            else
            {
                Park(lastFork);
                spins = 0;
            }
        }
    }

    private void Park(int lastFork)
    {
        Interlocked.Increment(ref _parked);
        // A job that was forked before the increment has not counted this worker as parked and does not wake it, so check once more.
        if (Volatile.Read(ref _forkCount) == lastFork && !_stopping)
        {
            _wake.Wait();
        }

        Interlocked.Decrement(ref _parked);
    }
}
