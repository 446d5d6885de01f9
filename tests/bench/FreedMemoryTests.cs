using HunyuanOrleans.Bench.Checks;
using HunyuanOrleans.Bench.Speed;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Operations;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.Ptx.Driver;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Bench.Tests;

/// <summary>What allocates device memory in several pieces frees them if there is no room for the next one.</summary>
public sealed class FreedMemoryTests
{
    private static readonly ModelConfig Config = ModelConfig.Load(TestPaths.DemoModel);

    private static readonly WeightTypes Types = WeightTypes.Of(Config, ComputeMode.Bf16, QuantFormats.Parse("none"));

    // There is room for the matrices and not for the tables of experts.
    [Fact]
    public void Of_layers() => CreateIn(static device => new LayerMatrices(device, Config, Types, 0), LayerMatrices.BytesOf(Config, Types, 0));

    [Fact]
    public void Of_rows_of_a_step() => CreateIn(static device => new SpeedBuffers(device, Config, 16, 4), 16 << 10, 64 << 10, 128 << 10);

    [Fact]
    public void Of_attention() => CreateIn(
        static device => new AttentionRun(device, new KvShape(1, 4, 2, 16, ElementType.BF16, ElementType.BF16), 8, 64), 20 << 10, 40 << 10, 60 << 10);

    [Fact]
    public void Of_limits()
    {
        // There is room for the memory that is read, and for nothing else.
        PtxDriver driver = new(new PtxDriverOptions { MemoryBytes = 4 << 20 });
        using (CudaComputeDevice device = new(driver))
        {
            Assert.Throws<CudaException>(() => DeviceLimits.Measure(device, small: true));
        }

        Assert.Empty(driver.Leaks);
    }

    private static void CreateIn(Func<CudaComputeDevice, IDisposable> create, params ReadOnlySpan<long> memory)
    {
        foreach (long bytes in memory)
        {
            PtxDriver driver = new(new PtxDriverOptions { MemoryBytes = bytes });
            using (CudaComputeDevice device = new(driver))
            {
                Assert.Throws<CudaException>(() => create(device));
            }

            Assert.Empty(driver.Leaks);
        }
    }
}
