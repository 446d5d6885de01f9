using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Cli.Measuring;

/// <summary>
/// Runs a measurement on the CPU that the engine's own thread uses. A measurement that shared the CPU of another pinned worker would show half the
/// speed.
/// </summary>
internal static class PinnedThread
{
    /// <summary>Runs a measurement on a new thread that is pinned to the CPU of the pool's first worker.</summary>
    public static double Run(WorkerPool pool, Func<double> measure)
    {
        double result = 0;
        Thread thread = new(() =>
        {
            pool.PinCurrentThread();
            result = measure();
        });
        thread.Start();
        thread.Join();
        return result;
    }
}
