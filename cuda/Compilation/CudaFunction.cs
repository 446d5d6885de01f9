using System.Reflection;
using HunyuanOrleans.Cuda.Driver;

namespace HunyuanOrleans.Cuda.Compilation;

/// <summary>A kernel that is compiled and loaded when it is launched for the first time. Thread-safe.</summary>
/// <param name="driver">Launches it.</param>
/// <param name="loader">Loads it.</param>
/// <param name="kernel">A method with a <see cref="KernelAttribute"/>.</param>
/// <param name="sharedBytes">Shared memory of a block with all threads. A block with fewer has that much less.</param>
internal sealed class CudaFunction(ICudaDriver driver, KernelLoader loader, Delegate kernel, int sharedBytes = 0)
{
    private readonly int _threads = kernel.Method.GetCustomAttribute<KernelAttribute>()!.Threads;
    private nint _handle;

    /// <summary>Launches the kernel.</summary>
    /// <param name="grid">Blocks in three dimensions.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="arguments">The arguments in the order of the kernel's parameters.</param>
    public void LaunchAsync(CudaGrid grid, nint stream, in KernelArguments arguments) => LaunchAsync(grid, stream, arguments.Bytes);

    /// <summary>Launches the kernel.</summary>
    /// <param name="grid">Blocks in three dimensions.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="arguments">The arguments one after the other, each aligned to its size.</param>
    /// <param name="threads">Threads of a block; by default, and at most, those of the <see cref="KernelAttribute"/>.</param>
    public void LaunchAsync(CudaGrid grid, nint stream, ReadOnlySpan<byte> arguments, int? threads = null)
    {
        if (_handle == 0)
        {
            _handle = loader.Get(kernel, sharedBytes);
        }

        int used = threads ?? _threads;
        driver.LaunchAsync(_handle, grid, used, sharedBytes * used / _threads, stream, arguments);
    }
}
