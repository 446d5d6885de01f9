using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Tests.Support;

/// <summary>Worker pools of 1, 2 and 3 threads. They are not pinned, because other tests run at the same time.</summary>
public sealed class WorkerPools : IDisposable
{
    private readonly WorkerPool[] _pools = [new(1, pin: false), new(2, pin: false), new(3, pin: false)];

    public IReadOnlyList<WorkerPool> All => _pools;

    public WorkerPool One => _pools[0];

    public void Dispose()
    {
        foreach (WorkerPool pool in _pools)
        {
            pool.Dispose();
        }
    }
}
