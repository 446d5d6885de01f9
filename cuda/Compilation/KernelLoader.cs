using System.Reflection;
using HunyuanOrleans.Cuda.Driver;

namespace HunyuanOrleans.Cuda.Compilation;

/// <summary>Compiles and loads a kernel when it is asked for the first time. Thread-safe.</summary>
/// <param name="driver">Loads the modules, which live as long as it.</param>
/// <param name="compiler">Compiles the kernels.</param>
internal sealed class KernelLoader(ICudaDriver driver, KernelCompiler compiler)
{
    private readonly Dictionary<(MethodInfo Kernel, int SharedBytes), nint> _functions = [];
    private readonly Lock _gate = new();

    /// <summary>Gets the function of a kernel.</summary>
    /// <param name="kernel">A method with a <see cref="KernelAttribute"/>, such as RowKernels.AddBias.</param>
    /// <param name="sharedBytes">The most shared memory that a launch will ask for.</param>
    /// <returns>A function for <see cref="ICudaDriver.LaunchAsync"/>.</returns>
    /// <exception cref="CudaException">The driver cannot load the kernel. The next call tries again.</exception>
    public nint Get(Delegate kernel, int sharedBytes = 0)
    {
        lock (_gate)
        {
            MethodInfo method = kernel.Method;
            if (!_functions.TryGetValue((method, sharedBytes), out nint function))
            {
                function = driver.Load(compiler.Compile(method), KernelCompiler.EntryOf(method), sharedBytes);
                _functions.Add((method, sharedBytes), function);
            }

            return function;
        }
    }
}
