using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Memory;
using HunyuanOrleans.Ptx.Driver;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests;

/// <summary>Checks what is left of an object that could not be created.</summary>
internal static class FailedConstruction
{
    private const int StagingBytes = 1 << 16;

    /// <summary>
    /// Creates and disposes an object on devices with more and more memory, until it can be created, and checks after each attempt that nothing stays
    /// allocated.
    /// </summary>
    /// <param name="create">Creates the object with a driver, a stream, and the staging memory of the stream.</param>
    public static void LeavesNothing(Func<PtxDriver, nint, RowStaging, IDisposable> create)
    {
        int failures = 0;
        for (bool created = false; !created; failures += created ? 0 : 1)
        {
            PtxDriver driver = new(new PtxDriverOptions { MemoryBytes = 256 * (failures + 1) });
            nint stream = driver.CreateStream();
            RowStaging staging = new(driver, stream, StagingBytes);
            try
            {
                create(driver, stream, staging).Dispose();
                created = true;
            }
            catch (CudaException)
            {
            }

            staging.Dispose();
            driver.DestroyStream(stream);
            driver.Dispose();
            Assert.Empty(driver.Leaks);
        }

        Assert.True(failures > 1);
    }
}
