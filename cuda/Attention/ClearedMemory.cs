using HunyuanOrleans.Cuda.Driver;

namespace HunyuanOrleans.Cuda.Attention;

/// <summary>Allocates device memory that kernels may read before anything is written to it.</summary>
internal static class ClearedMemory
{
    /// <summary>Allocates zeros and waits until they are there. Any thread may call this.</summary>
    /// <param name="driver">The device.</param>
    /// <param name="bytes">Bytes of the memory.</param>
    /// <returns>The address, for <see cref="ICudaDriver.Free"/>.</returns>
    /// <exception cref="CudaException">The device has not enough memory.</exception>
    public static ulong Allocate(ICudaDriver driver, long bytes)
    {
        nint stream = driver.CreateStream();
        try
        {
            ulong memory = driver.Allocate(bytes);
            try
            {
                driver.ClearAsync(memory, bytes, stream);
                driver.Synchronize(stream);
                return memory;
            }
            catch
            {
                driver.Free(memory);
                throw;
            }
        }
        finally
        {
            driver.DestroyStream(stream);
        }
    }
}
