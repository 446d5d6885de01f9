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
    // About the size of the largest piece of what is created here.
    private const long Step = 64 << 10;

    private static readonly ModelConfig Config = ModelConfig.Load(TestPaths.DemoModel);

    private static readonly WeightTypes Types = WeightTypes.Of(Config, ComputeMode.Bf16, QuantFormats.Parse("none"));

    [Fact]
    public void Of_layers() => CreateWithLessAndLessMemory(static device => new LayerMatrices(device, Config, Types, 0), most: LayerMatrices.BytesOf(Config, Types, 0) + Step);

    [Fact]
    public void Of_rows_of_a_step() => CreateWithLessAndLessMemory(static device => new SpeedBuffers(device, Config, 16, 4), most: 1 << 20);

    [Fact]
    public void Of_attention() => CreateWithLessAndLessMemory(
        static device => new AttentionRun(device, new KvShape(1, 4, 2, 16, ElementType.BF16, ElementType.BF16), 8, 64), most: 1 << 20);

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

    [Fact]
    public void Of_random_weights()
    {
        PtxDriver driver = new(new PtxDriverOptions { MemoryBytes = 1 << 20 });
        using (DevicePair devices = new(new CudaComputeDevice(driver)))
        {
            Assert.Throws<CudaException>(() => new RandomMatrix(devices, 1024, 1024, ElementType.F32, paired: false, seed: 1));
            Assert.Throws<CudaException>(() => new RowPair(devices, 1024, 1024, ElementType.F32));
        }

        Assert.Empty(driver.Leaks);
    }

    private static void CreateWithLessAndLessMemory(Func<CudaComputeDevice, IDisposable> create, long most)
    {
        int failed = 0;
        for (long bytes = most; bytes > 0; bytes -= Step)
        {
            PtxDriver driver = new(new PtxDriverOptions { MemoryBytes = bytes });
            using (CudaComputeDevice device = new(driver))
            {
                try
                {
                    create(device).Dispose();
                }
                catch (CudaException)
                {
                    failed++;
                }
            }

            Assert.Empty(driver.Leaks);
        }

        Assert.NotEqual(0, failed);
    }
}
