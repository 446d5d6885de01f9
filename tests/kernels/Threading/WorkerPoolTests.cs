using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Threading;

/// <summary>Each unit runs once, exceptions reach the caller, concurrent callers take turns, and runs allocate nothing.</summary>
public sealed class WorkerPoolTests
{
    [Theory]
    [InlineData(1, 25000)]
    [InlineData(2, 40000)]
    [InlineData(3, 20000)]
    [InlineData(4, 20000)]
    public void EachUnitRunsExactlyOnce(int threads, int runs)
    {
        using WorkerPool pool = new(threads, pin: false);
        Assert.Equal(threads, pool.Threads);
        CountingJob job = new(threads);
        for (int run = 0; run < runs; run++)
        {
            int count = run % 17;
            job.Expect(count);
            pool.Run(job, count);
            if (!job.EachUnitRanOnce)
            {
                Assert.Fail($"Run {run} of {count} units: {job}.");
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void AnExceptionReachesTheCallerAndOtherUnitsRun(int threads)
    {
        using WorkerPool pool = new(threads, pin: false);
        CountingJob job = new(threads);
        foreach (int count in new[] { 1, 2, 50 })
        {
            for (int failing = 0; failing < count; failing++)
            {
                job.Expect(count);
                job.Failing = failing;
                InvalidOperationException exception = Assert.Throws<InvalidOperationException>(() => pool.Run(job, count));
                Assert.Equal($"unit {failing}", exception.Message);
                Assert.True(job.EachUnitRanOnce, $"{count} units, {failing} failing: {job}");
            }

            job.Expect(count);
            job.Failing = -1;
            pool.Run(job, count);
            Assert.True(job.EachUnitRanOnce, $"{job}");
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 5)]
    [InlineData(2, 1)]
    [InlineData(2, 5)]
    [InlineData(4, 3)]
    public void ConcurrentCallersTakeTurns(int threads, int count)
    {
        using WorkerPool pool = new(threads, pin: false);
        int inside = 0;
        int overlaps = 0;
        int done = 0;

        // Units of one caller may run at once. Units of two callers must not, because they would share the scratch memory of a worker.
        void Call(int caller)
        {
            int finished = 0;
            ActionJob job = new((_, _) =>
            {
                int before = Interlocked.CompareExchange(ref inside, caller, 0);
                if (before != 0 && before != caller)
                {
                    Interlocked.Increment(ref overlaps);
                }

                Thread.SpinWait(50);
                Interlocked.Increment(ref done);
                if (Interlocked.Increment(ref finished) % count == 0)
                {
                    Interlocked.Exchange(ref inside, 0);
                }
            });
            for (int run = 0; run < 1000; run++)
            {
                pool.Run(job, count);
            }
        }

        Thread[] callers = [.. Enumerable.Range(1, 3).Select(i => new Thread(() => Call(i)))];
        Array.ForEach(callers, c => c.Start());
        Array.ForEach(callers, c => c.Join());
        Assert.Equal(3000 * count, done);
        Assert.Equal(0, overlaps);
    }

    [Fact]
    public async Task ParkedWorkersWakeAgain()
    {
        using WorkerPool pool = new(3, pin: false);
        for (int round = 0; round < 5; round++)
        {
            // The barrier opens only if all three workers are awake.
            using Barrier barrier = new(3);
            int met = 0;
            pool.Run(new ActionJob((_, _) =>
            {
                if (barrier.SignalAndWait(Wait.Limit))
                {
                    Interlocked.Increment(ref met);
                }
            }), 3);
            Assert.Equal(3, met);
            await WaitUntilParkedAsync(pool);
        }
    }

    [Fact]
    public async Task ShortJobsDoNotAccumulateWakeUps()
    {
        using WorkerPool pool = new(4, pin: false);
        CountingJob job = new(4);
        for (int round = 0; round < 20; round++)
        {
            // Short jobs end before the workers that they wake are running.
            await WaitUntilParkedAsync(pool);
            for (int run = 0; run < 200; run++)
            {
                job.Expect(2);
                pool.Run(job, 2);
                Assert.InRange(pool.PendingWakes, 0, 3);
            }
        }
    }

    [Fact]
    public void RunsAllocateNothing()
    {
        using WorkerPool pool = new(3, pin: false);
        AllocationJob job = new(3);
        for (int run = 0; run < 2000; run++)
        {
            pool.Run(job, 8);
        }

        job.Begin();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int run = 0; run < 2000; run++)
        {
            pool.Run(job, run % 9);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(0, job.AllocatedByWorkers);
    }

    [Fact]
    public async Task CanBeDisposedWhileSpinningAndWhileParked()
    {
        foreach (int threads in new[] { 1, 2, 5 })
        {
            WorkerPool never = new(threads, pin: false);
            never.Dispose();
            WorkerPool pool = new(threads, pin: false);
            pool.Run(new CountingJob(threads), 0);
            if (threads == 2)
            {
                await WaitUntilParkedAsync(pool);
            }

            pool.Dispose();
            pool.Dispose();
            foreach (int count in new[] { 1, 9 })
            {
                Assert.Throws<ObjectDisposedException>(() => pool.Run(new CountingJob(threads), count));
            }
        }
    }

    [Fact]
    public void InvalidCountsAreRejected()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new WorkerPool(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new WorkerPool(1025));
        using WorkerPool pool = new(2, pin: false);
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Run(new CountingJob(2), -1));
        using WorkerPool all = new(pin: false);
        Assert.Equal(Environment.ProcessorCount, all.Threads);
    }

    [Fact]
    public void PinnedWorkersRunEachUnitOnce()
    {
        Thread caller = new(() =>
        {
            using WorkerPool pool = new();
            Assert.True(pool.Pinned);
            pool.PinCurrentThread();
            CountingJob job = new(pool.Threads);
            for (int run = 0; run < 1000; run++)
            {
                job.Expect(10);
                pool.Run(job, 10);
                Assert.True(job.EachUnitRanOnce, $"{job}");
            }
        });
        caller.Start();
        caller.Join();
        using WorkerPool crowded = new(Environment.ProcessorCount + 1);
        Assert.False(crowded.Pinned);
    }

    private static Task WaitUntilParkedAsync(WorkerPool pool) => Wait.UntilAsync(() => pool.ParkedWorkers == pool.Threads - 1);
}
