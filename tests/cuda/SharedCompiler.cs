using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Tests;

/// <summary>A compiler that the tests of a class share, because preparing one takes longer than compiling a kernel.</summary>
public sealed class SharedCompiler : IDisposable
{
    internal KernelCompiler Value { get; } = new();

    public void Dispose() => Value.Dispose();
}
