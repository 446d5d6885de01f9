using System.Diagnostics;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Bench;

/// <summary>Measures the time to start all workers on an empty job and to wait for them.</summary>
internal static class ForkJoinBenchmark
{
    public static void Run(WorkerPool pool)
    {
        const int Rounds = 200_000;
        EmptyJob job = new();
        pool.Run(job, pool.Threads);
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < Rounds; i++)
        {
            pool.Run(job, pool.Threads);
        }

        Console.WriteLine($"fork and join: {Stopwatch.GetElapsedTime(start).TotalMicroseconds / Rounds:F2} us");
    }

    private sealed class EmptyJob : IJob
    {
        public void Run(int unit, int worker)
        {
        }
    }
}
