using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Operations;
using HunyuanOrleans.Kernels.Devices;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Operations;

/// <summary>A GPU is found by its name, or an error says why it cannot be used.</summary>
public sealed class DeviceChoiceTests
{
    private static readonly CudaDeviceInfo Info = new(0, "NVIDIA H100 80GB HBM3", 80L << 30, 79L << 30, 9, 0, 132, 232448, new Version(12, 4));

    [Theory]
    [InlineData("cuda:0", true)]
    [InlineData("CUDA:12", true)]
    [InlineData("cuda", false)]
    [InlineData("cuda:", false)]
    [InlineData("cuda:-1", false)]
    [InlineData("cuda:1,5", false)]
    [InlineData("cpu", false)]
    public void Names(string name, bool isName) => Assert.Equal(isName, CudaDeviceChoice.IsName(name));

    [Fact]
    public void A_device_has_its_kind_and_free_memory()
    {
        DeviceChoice choice = CudaDeviceChoice.Find("Cuda:0", new CudaDevices([new CudaDevice(Info, null)], null));
        Assert.Equal(("cuda:0", Info.Name, "cuda 9.0", 79L << 30), (choice.Name, choice.Description, choice.Kind, choice.FreeBytes));
    }

    [Fact]
    public void A_device_that_is_not_there_or_cannot_be_used()
    {
        CudaDevices one = new([new CudaDevice(Info, "It is too old.")], null);
        Assert.Equal("It is too old.", Assert.Throws<CudaException>(() => CudaDeviceChoice.Find("cuda:0", one)).Message);
        Assert.Equal("There is no cuda:1 on this machine. It has cuda:0 to cuda:0.", Assert.Throws<CudaException>(() => CudaDeviceChoice.Find("cuda:1", one)).Message);
        CudaDevices none = new([], "There is no driver.");
        Assert.Equal("There is no cuda:0 on this machine. There is no driver.", Assert.Throws<CudaException>(() => CudaDeviceChoice.Find("cuda:0", none)).Message);
    }
}
