namespace HunyuanOrleans.Cuda.Compilation;

/// <summary>Marks a static method as a kernel: each thread of each block of a grid runs it once.</summary>
/// <param name="threads">Threads of a block.</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class KernelAttribute(int threads) : Attribute
{
    /// <summary>Threads of a block.</summary>
    public int Threads { get; } = threads;
}
