using HunyuanOrleans.Cuda.Attention;
using HunyuanOrleans.Cuda.Compilation;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Ptx.Driver;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Attention;

public sealed class AttentionStepTests
{
    [Theory]
    [InlineData(10, 1, 80)]
    [InlineData(48, 1, 128)]
    [InlineData(4, 4, 8)]
    public void The_largest_batch_fits(int heads, int keyHeads, int headSize)
    {
        using PtxDriver driver = new();
        AttentionShape shape = new(heads, keyHeads, headSize, ElementType.BF16);
        using AttentionStep step = new(driver, shape, maxRows: 24, maxBlocks: 24 * 40, maxPartials: 120);
        using RotaryAngles rotary = new(24, headSize);
        AttentionBatch batch = new(heads, keyHeads);
        for (int row = 0; row < 24; row++)
        {
            batch.Add(new AttentionSlice(row, 1, 1279, new int[40]));
        }

        step.UploadAsync(batch, rotary, driver.CreateStream());
        Assert.Equal(24, step.Grid.Rows);
    }

    [Fact]
    public void Longer_block_tables_than_planned_are_refused()
    {
        using PtxDriver driver = new();
        using AttentionStep step = new(driver, new AttentionShape(4, 1, 16, ElementType.BF16), maxRows: 2, maxBlocks: 10, maxPartials: 10);
        using RotaryAngles rotary = new(2, 16);
        AttentionBatch batch = new(4, 1);
        batch.Add(new AttentionSlice(0, 1, 32_000, new int[1001]));
        Assert.Throws<ArgumentException>(() => step.UploadAsync(batch, rotary, driver.CreateStream()));
    }

    [Fact]
    public void All_memory_is_freed()
    {
        using KernelCompiler compiler = new();
        PtxDriver driver = new();
        AttentionShape shape = new(4, 1, 16, ElementType.BF16);
        new AttentionStep(driver, shape, maxRows: 2, maxBlocks: 10, maxPartials: 10).Dispose();
        new CudaAttention(driver, new KernelLoader(driver, compiler), shape, maxRows: 2, maxPartials: 10).Dispose();
        driver.Dispose();
        Assert.Empty(driver.Leaks);
    }
}
