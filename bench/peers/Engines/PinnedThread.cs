using System.Runtime.ExceptionServices;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Bench.Peers.Engines;

/// <summary>
/// Runs work on a new thread that is pinned to the CPU of the pool's first worker. The main thread must stay unpinned: threads of llama.cpp inherit the
/// CPUs of the thread that starts them.
/// </summary>
internal static class PinnedThread
{
    /// <summary>Runs work, waits for it, and throws what it throws.</summary>
    public static void Run(WorkerPool pool, Action work)
    {
        ExceptionDispatchInfo? error = null;
        Thread thread = new(() =>
        {
            try
            {
                pool.PinCurrentThread();
                work();
            }
            catch (Exception e)
            {
                error = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        error?.Throw();
    }
}
