using HunyuanOrleans.Cuda.Operations;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Ptx.Driver;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Golden.Tests.Cuda;

/// <summary>A model that a GPU has too little memory for is refused with an error for users, wherever the memory ends, and nothing stays allocated.</summary>
public sealed class CudaMemoryTests
{
    private const int Parts = 24;

    [Fact]
    public void Too_little_memory_is_an_error_and_leaves_nothing()
    {
        string folder = GoldenCase.Load("tiny-cla").ModelFolder;
        long needed = BytesOf(folder);
        for (int part = 0; part < Parts; part++)
        {
            PtxDriver driver = new(new PtxDriverOptions { MemoryBytes = needed * part / Parts });
            Assert.IsAssignableFrom<DeviceException>(Record.Exception(() => Load(folder, driver).Dispose()));
            Assert.Empty(driver.Leaks);
        }
    }

    private static long BytesOf(string folder)
    {
        PtxDriver driver = new();
        using ModelRunner model = Load(folder, driver);
        return driver.Device.MemoryBytes - driver.Device.FreeBytes;
    }

    private static ModelRunner Load(string folder, PtxDriver driver) => ModelRunner.Load(folder, new ModelOptions
    {
        Mode = ComputeMode.Bf16, Threads = 1, PinThreads = false, KvTokens = 1024, MaxBatchTokens = 64, MaxLogitRows = 16,
        Device = new DeviceChoice("ptx", "PTX on the CPU", "ptx", 0, () => new CudaComputeDevice(driver)),
    });
}
