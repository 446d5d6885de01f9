namespace HunyuanOrleans.Kernels.Threading;

/// <summary>Work that consists of independent units. Callers keep and reuse implementations, so that a run allocates nothing.</summary>
public interface IJob
{
    /// <summary>Does one unit. The pool calls this exactly once for each unit, in any order and on any worker.</summary>
    /// <param name="unit">The unit, 0 to count - 1.</param>
    /// <param name="worker">The worker, 0 to <see cref="WorkerPool.Threads"/> - 1. No two units run at once with the same number, so it can select scratch memory.</param>
    void Run(int unit, int worker);
}
