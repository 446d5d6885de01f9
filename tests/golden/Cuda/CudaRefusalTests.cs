using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Golden.Tests.Cuda;

/// <summary>Models that the kernels of GPUs cannot compute are refused before anything is loaded.</summary>
public sealed class CudaRefusalTests
{
    [Fact]
    public void Models_of_type_hy_v3_are_refused()
    {
        ModelException error = Assert.Throws<ModelException>(() => CudaModels.Load(TestPaths.Model("tiny-hy3"), ComputeMode.Bf16));
        Assert.Contains("hy_v3", error.Message, StringComparison.Ordinal);
        Assert.Contains("CPUs only", error.Message, StringComparison.Ordinal);
        Assert.Contains("allowed: ", error.Message, StringComparison.Ordinal);
    }
}
