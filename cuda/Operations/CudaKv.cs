using HunyuanOrleans.Cuda.Attention;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Cuda.Operations;

/// <summary>A pool of keys and values whose copies run in the order of the device's stream.</summary>
internal sealed class CudaKv(ICudaDriver driver, CudaKvPool pool, nint stream) : IKvPool
{
    /// <summary>The memory.</summary>
    public CudaKvPool Pool => pool;

    /// <inheritdoc/>
    public int Groups => pool.Groups;

    /// <inheritdoc/>
    public int Blocks => pool.Blocks;

    /// <inheritdoc/>
    public long BlockBytes => pool.BlockBytes;

    /// <inheritdoc/>
    public long GroupBytes => pool.GroupBytes;

    /// <inheritdoc/>
    public long TotalBytes => pool.TotalBytes;

    /// <inheritdoc/>
    public bool HasMemory(int group) => pool.HasMemory(group);

    /// <inheritdoc/>
    public IDeviceMemory AllocateGroup() => new CudaMemory(driver, pool.AllocateGroup(), pool.GroupBytes);

    /// <inheritdoc/>
    public void Attach(int group, IDeviceMemory memory)
    {
        CudaMemory owned = (CudaMemory)memory;
        ArgumentOutOfRangeException.ThrowIfNotEqual(owned.ByteLength, pool.GroupBytes, nameof(memory));
        pool.Attach(group, owned.Address);
        owned.Take();
    }

    /// <inheritdoc/>
    public bool Release(int group) => pool.Release(group);

    /// <inheritdoc/>
    public void CopyOut(int group, ReadOnlySpan<int> blocks, Span<byte> target) => pool.CopyOut(group, blocks, target, stream);

    /// <inheritdoc/>
    public void CopyIn(int group, ReadOnlySpan<int> blocks, ReadOnlySpan<byte> source) => pool.CopyIn(group, blocks, source, stream);

    /// <inheritdoc/>
    public void Dispose() => pool.Dispose();
}
