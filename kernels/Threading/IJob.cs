namespace HunyuanOrleans.Kernels.Threading;

/// <summary>Work cut into independent units. Implementations are reused objects, so that running one allocates nothing.</summary>
public interface IJob
{
    /// <summary>Does unit <paramref name="unit"/>; each unit is done exactly once, in any order, on any worker.</summary>
    /// <param name="unit">0 to count - 1.</param>
    /// <param name="worker">0 to <see cref="WorkerPool.Threads"/> - 1; no two units run at once with the same number, so it selects scratch memory.</param>
    void Run(int unit, int worker);
}
