using HunyuanOrleans.Cuda.Kernels;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Rows;

public sealed class KernelLoaderTests(RowsDevice device) : IClassFixture<RowsDevice>
{
    [Fact]
    public void A_kernel_is_loaded_once_for_each_size_of_shared_memory()
    {
        nint[] functions = new nint[8];
        Parallel.For(0, functions.Length, i => functions[i] = device.Loader.Get(RowKernels.AddBias));
        Assert.Single(functions.Distinct());
        Assert.NotEqual(functions[0], device.Loader.Get(RowKernels.AddBias, 1024));
        Assert.NotEqual(functions[0], device.Loader.Get(RowKernels.GatherRows));
    }
}
