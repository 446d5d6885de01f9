using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Cuda.Operations;

/// <summary>Device memory that is freed unless somebody takes it over.</summary>
internal sealed class CudaMemory(ICudaDriver driver, ulong address, long bytes) : IDeviceMemory
{
    private ulong _owned = address;

    /// <summary>Address of the first byte, as long as nobody took it over.</summary>
    public ulong Address => _owned;

    /// <inheritdoc/>
    public long ByteLength => bytes;

    /// <summary>Passes the memory to the caller.</summary>
    public ulong Take() => Interlocked.Exchange(ref _owned, 0);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Take() is var taken and not 0)
        {
            driver.Free(taken);
        }
    }
}
