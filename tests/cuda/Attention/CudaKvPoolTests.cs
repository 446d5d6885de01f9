using HunyuanOrleans.Cuda.Attention;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Ptx.Driver;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Attention;

public sealed class CudaKvPoolTests
{
    [Fact]
    public void Groups_are_attached_and_released_one_by_one()
    {
        PtxDriver driver = new();
        using (CudaKvPool pool = new(driver, 3, 4, 2, 16, ElementType.I8, reserve: false))
        {
            Assert.Equal(0, pool.TotalBytes);
            Assert.Throws<InvalidOperationException>(() => pool.Address(1));
            pool.Attach(1, pool.AllocateGroup());
            Assert.Equal(new[] { false, true, false }, Enumerable.Range(0, 3).Select(pool.HasMemory));
            Assert.Equal(pool.BlockBytes * 4, pool.TotalBytes);
            Assert.Throws<InvalidOperationException>(() => pool.Attach(1, 256));
            Assert.True(pool.Release(1));
            Assert.False(pool.Release(1));
            Assert.Throws<ArgumentOutOfRangeException>(() => pool.HasMemory(3));
            pool.Attach(0, pool.AllocateGroup());
        }

        driver.Dispose();
        Assert.Empty(driver.Leaks);
    }

    [Theory]
    [InlineData(8, 128, ElementType.BF16, 8 * 32 * 2 * 128 * 2)]
    [InlineData(8, 80, ElementType.I8, 8 * 32 * 2 * (80 + 2))]
    [InlineData(4, 8, ElementType.F8E4M3, 4 * 32 * 2 * (16 + 2))]
    [InlineData(1, 96, ElementType.F32, 32 * 2 * 128 * 4)]
    public void Blocks_have_only_the_padding_that_kernels_need(int heads, int headSize, ElementType type, long bytes) =>
        Assert.Equal(bytes, CudaKvPool.BytesPerBlock(heads, headSize, type));

    [Theory]
    [InlineData(136, ElementType.BF16)]
    [InlineData(20, ElementType.BF16)]
    [InlineData(0, ElementType.BF16)]
    [InlineData(16, ElementType.F16)]
    public void Heads_without_a_kernel_are_refused(int headSize, ElementType type) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => CudaKvPool.BytesPerBlock(1, headSize, type));

    [Fact]
    public void More_blocks_than_the_staging_memory_holds_are_copied()
    {
        using PtxDriver driver = new();
        using CudaKvPool pool = new(driver, 2, 50, 8, 128, ElementType.F32);
        nint stream = driver.CreateStream();
        int[] blocks = [.. Enumerable.Range(5, 40)];
        byte[] source = new byte[blocks.Length * pool.BlockBytes];
        new Random(1).NextBytes(source);
        pool.CopyIn(1, blocks, source, stream);
        byte[] target = new byte[source.Length];
        Array.Reverse(blocks);
        pool.CopyOut(1, blocks, target, stream);
        for (int i = 0; i < blocks.Length; i++)
        {
            int bytes = (int)pool.BlockBytes;
            Assert.True(source.AsSpan((blocks.Length - 1 - i) * bytes, bytes).SequenceEqual(target.AsSpan(i * bytes, bytes)), $"Block {blocks[i]}");
        }

        byte[] untouched = new byte[pool.BlockBytes];
        pool.CopyOut(1, [45], untouched, stream);
        Assert.All(untouched, static b => Assert.Equal(0, b));
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.CopyOut(1, [50], untouched, stream));
        Assert.Throws<ArgumentException>(() => pool.CopyOut(1, [1, 2], untouched, stream));
    }

    [Fact]
    public void Nothing_stays_allocated_if_there_is_not_enough_memory_for_all_groups()
    {
        long group = CudaKvPool.BytesPerBlock(8, 128, ElementType.BF16) * 16;
        PtxDriver driver = new(new PtxDriverOptions { MemoryBytes = (group * 5 / 2) + 4096 });
        Assert.Throws<CudaException>(() => new CudaKvPool(driver, 3, 16, 8, 128, ElementType.BF16));
        new CudaKvPool(driver, 2, 16, 8, 128, ElementType.BF16).Dispose();
        driver.Dispose();
        Assert.Empty(driver.Leaks);
    }

    [Fact]
    public void No_block_is_copied_if_one_does_not_exist()
    {
        using PtxDriver driver = new();
        using CudaKvPool pool = new(driver, 1, 4, 1, 16, ElementType.BF16);
        nint stream = driver.CreateStream();
        byte[] ones = new byte[2 * pool.BlockBytes];
        Array.Fill(ones, (byte)1);
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.CopyIn(0, [2, 4], ones, stream));
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.CopyIn(0, [2, -1], ones, stream));
        byte[] block = new byte[pool.BlockBytes];
        pool.CopyOut(0, [2], block, stream);
        Assert.All(block, static b => Assert.Equal(0, b));
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.CopyOut(0, [2, 4], ones, stream));
    }
}
