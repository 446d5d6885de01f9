using System.Runtime.ExceptionServices;

namespace HunyuanOrleans.Kernels.Threading;

/// <summary>
/// A few threads that wait for a job by spinning briefly before they park, so that fork and join cost a fraction of a microsecond
/// while steps follow each other, and no CPU when idle. Each worker takes a consecutive range of the units, the same for equal counts,
/// so that what one job leaves in a worker's cache the next one finds there; who is done early helps others. The caller of <see cref="Run"/> works too, as worker 0. One caller at a time.
/// It knows nothing of what the jobs compute.
/// </summary>
public sealed class WorkerPool : IDisposable
{
    // About 100 µs: longer than the serial parts of a decode step, far shorter than a human pause.
    private const int SpinsBeforePark = 4000;
    private const int SpinsBeforeYield = 2000;

    private readonly Thread[] _threads;
    private readonly SemaphoreSlim _wake = new(0);
    private readonly Lock _callers = new();
    private IJob? _job;
    private readonly SharedRanges _ranges;
    private int _count;
    private int _done;
    private int _parked;
    private int _forks;
    private volatile bool _stopping;
    private ExceptionDispatchInfo? _fault;

    /// <summary>Starts the workers.</summary>
    /// <param name="threads">Workers including the caller, 1 to 1024; 0 means one for each CPU this process may use.</param>
    /// <param name="pin">
    /// Whether worker i is bound to the i-th CPU the process may use (Linux only; default true). Off where several processes share the CPUs.
    /// </param>
    public WorkerPool(int threads = 0, bool pin = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, 1024);
        Threads = threads == 0 ? Environment.ProcessorCount : threads;
        Pinned = pin && Threads <= Environment.ProcessorCount;
        _ranges = new SharedRanges(Threads);
        _threads = new Thread[Threads - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            int worker = i + 1;
            _threads[i] = new Thread(() => Loop(worker)) { IsBackground = true, Name = $"kernel worker {worker}" };
            _threads[i].Start();
        }
    }

    /// <summary>Number of workers, the caller included.</summary>
    public int Threads { get; }

    /// <summary>Whether workers are bound to CPUs.</summary>
    public bool Pinned { get; }

    /// <summary>
    /// Binds the calling thread to the CPU of worker 0. For a thread that does nothing but call <see cref="Run"/>; without it the
    /// scheduler may put the caller beside a pinned worker.
    /// </summary>
    public void PinCurrentThread()
    {
        if (Pinned)
        {
            CpuAffinity.BindCurrentThread(0);
        }
    }

    /// <summary>Runs all units of <paramref name="job"/> and returns when the last is done.</summary>
    /// <param name="job">The work.</param>
    /// <param name="count">Number of units; 0 does nothing.</param>
    /// <exception cref="Exception">What a unit threw first; the other units were run all the same.</exception>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public void Run(IJob job, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);

        // Also where the caller does everything: jobs have scratch memory for each worker, and both callers would be worker 0.
        lock (_callers)
        {
            ObjectDisposedException.ThrowIf(_stopping, this);
            if (_threads.Length == 0 || count <= 1)
            {
                RunAlone(job, count);
                return;
            }

            Fork(job, count);
            Work(0);
            Join();
        }
    }

    /// <summary>Stops the workers. No job may be running.</summary>
    public void Dispose()
    {
        lock (_callers)
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

    /// <summary>Wake-ups given and not yet taken by a worker.</summary>
    internal int PendingWakes => _wake.CurrentCount;

    private static void RunAlone(IJob job, int count)
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
        Volatile.Write(ref _done, 0);

        // From the first range on a worker may take units, so all it reads must be in place. A worker late from the job before does no
        // harm: what it takes is a unit of this one.
        for (int worker = 0; worker < Threads; worker++)
        {
            _ranges.Set(worker, (int)((long)count * worker / Threads), (int)((long)count * (worker + 1) / Threads));
        }

        Interlocked.Increment(ref _forks);
        int parked = Volatile.Read(ref _parked);
        if (parked > 0)
        {
            // Short jobs end before a woken worker is up; what earlier ones gave is not given again, else it would be awake for long.
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
        while (Volatile.Read(ref _done) < _count)
        {
            if (++spins < SpinsBeforeYield)
            {
                Thread.SpinWait(1);
            }
            else
            {
                // The worker that holds the last unit lost its CPU.
                Thread.Yield();
            }
        }

        _job = null;
        _fault?.Throw();
    }

    private void Work(int worker)
    {
        for (int unit = _ranges.Take(worker, out _); unit >= 0; unit = _ranges.Take(worker, out _))
        {
            // A unit taken holds the job open until it is counted as done, so the job is stable here.
            try
            {
                _job!.Run(unit, worker);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref _fault, ExceptionDispatchInfo.Capture(e), null);
            }

            Interlocked.Increment(ref _done);
        }
    }

    private void Loop(int worker)
    {
        if (Pinned)
        {
            CpuAffinity.BindCurrentThread(worker);
        }

        int spins = 0;
        int seen = 0;
        while (!_stopping)
        {
            int forks = Volatile.Read(ref _forks);
            if (forks != seen)
            {
                seen = forks;
                Work(worker);
                spins = 0;
            }
            else if (++spins < SpinsBeforePark)
            {
                Thread.SpinWait(1);
            }
            else
            {
                Park(seen);
                spins = 0;
            }
        }
    }

    private void Park(int seen)
    {
        Interlocked.Increment(ref _parked);
        // A job forked before the line above did not see this worker; look once more before sleeping.
        if (Volatile.Read(ref _forks) == seen && !_stopping)
        {
            _wake.Wait();
        }

        Interlocked.Decrement(ref _parked);
    }
}
