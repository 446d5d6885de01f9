using HunyuanOrleans.Cuda.Compilation;
using HunyuanOrleans.Ptx.Driver;

namespace HunyuanOrleans.Cuda.Tests.Attention;

/// <summary>One device for the tests of attention, so that each kernel is compiled once.</summary>
public sealed class AttentionDevice : IDisposable
{
    private readonly KernelCompiler _compiler = new();

    /// <summary>Creates the device.</summary>
    public AttentionDevice() => Loader = new KernelLoader(Driver, _compiler);

    /// <summary>Executes PTX on the CPU.</summary>
    internal PtxDriver Driver { get; } = new();

    /// <summary>Loads kernels.</summary>
    internal KernelLoader Loader { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Driver.Dispose();
        _compiler.Dispose();
    }
}
