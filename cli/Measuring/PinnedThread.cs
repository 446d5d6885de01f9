using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Cli.Measuring;

/// <summary>Runs a measurement where the engine's thread runs: a caller beside a pinned worker would halve what is measured.</summary>
internal static class PinnedThread
{
    /// <summary>Runs it on a thread of its own, bound to the CPU of the pool's first worker.</summary>
    public static double Run(WorkerPool pool, Func<double> measure)
    {
        double result = 0;
        Thread thread = new(() =>
        {
            pool.PinCaller();
            result = measure();
        });
        thread.Start();
        thread.Join();
        return result;
    }
}
