using System.Reflection;
using HunyuanOrleans.Cuda.Driver;

namespace HunyuanOrleans.Cuda.Compilation;

/// <summary>A kernel that is compiled and loaded when it is launched for the first time.</summary>
/// <param name="driver">Launches it.</param>
/// <param name="loader">Loads it.</param>
/// <param name="kernel">A method with a <see cref="KernelAttribute"/>.</param>
/// <param name="sharedBytes">Shared memory of a block.</param>
internal sealed class CudaFunction(ICudaDriver driver, KernelLoader loader, Delegate kernel, int sharedBytes = 0)
{
    private readonly int _threads = kernel.Method.GetCustomAttribute<KernelAttribute>()!.Threads;
    private nint _handle;

    /// <summary>Launches the kernel.</summary>
    /// <param name="grid">Blocks in three dimensions.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="arguments">The arguments in the order of the kernel's parameters.</param>
    public void LaunchAsync(CudaGrid grid, nint stream, in KernelArguments arguments)
    {
        if (_handle == 0)
        {
            _handle = loader.Get(kernel, sharedBytes);
        }

        driver.LaunchAsync(_handle, grid, _threads, sharedBytes, stream, arguments.Bytes);
    }
}
