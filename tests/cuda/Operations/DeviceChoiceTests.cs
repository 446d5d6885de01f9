using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Operations;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Operations;

/// <summary>A GPU is found by its name, or an error says why it cannot be used.</summary>
public sealed class DeviceChoiceTests
{
    [Theory]
    [InlineData("cuda:0", true)]
    [InlineData("CUDA:12", true)]
    [InlineData("cuda", false)]
    [InlineData("cuda:", false)]
    [InlineData("cuda:-1", false)]
    [InlineData("cuda:1,5", false)]
    [InlineData("cpu", false)]
    public void Names(string name, bool isName) => Assert.Equal(isName, CudaDeviceChoice.IsName(name));

    [SkippableFact]
    public void A_device_has_its_kind_and_free_memory()
    {
        using FakeCuda fake = Create();
        DeviceChoice choice = CudaDeviceChoice.Find("Cuda:1", fake.Library);
        Assert.Equal(("cuda:1", "Fake GPU 1", "cuda 9.0"), (choice.Name, choice.Description, choice.Kind));
        Assert.Equal(1L << 30, choice.FreeBytes);
    }

    [SkippableFact]
    public void A_device_that_is_not_there_is_refused()
    {
        using FakeCuda fake = Create();
        Assert.Equal("cuda:2 does not exist: this machine has 2 CUDA devices.", Assert.Throws<CudaException>(() => CudaDeviceChoice.Find("cuda:2", fake.Library)).Message);
        Assert.Throws<ArgumentException>(() => CudaDeviceChoice.Find("cpu", fake.Library));
    }

    private static FakeCuda Create()
    {
        FakeCuda? cuda = FakeCuda.Create();
        Skip.If(cuda is null, FakeCuda.NotBuilt);
        return cuda;
    }
}
