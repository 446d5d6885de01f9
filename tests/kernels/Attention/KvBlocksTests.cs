using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Attention;

/// <summary>Sizes of the cache, copies of blocks, and the rejection of invalid numbers and shapes.</summary>
public sealed class KvBlocksTests(WorkerPools pools) : IClassFixture<WorkerPools>
{
    [Fact]
    public void HunyuanLargeNeeds81920BytesPerToken()
    {
        const int Groups = 32;
        Assert.Equal(81920, KvBlocks.BytesPerBlock(heads: 8, headSize: 80, ElementType.BF16) * Groups / KvBlocks.Positions);
        Assert.Equal(2 * 81920, KvBlocks.BytesPerBlock(heads: 8, headSize: 80, ElementType.F32) * Groups / KvBlocks.Positions);

        // 8-bit elements, and 16 bits of scale for a key and for a value of each of 8 heads.
        foreach (ElementType type in new[] { ElementType.I8, ElementType.F8E4M3 })
        {
            Assert.Equal(40960 + (Groups * 8 * 2 * 2), KvBlocks.BytesPerBlock(heads: 8, headSize: 80, type) * Groups / KvBlocks.Positions);
        }

        using KvBlocks cache = new(Groups, 2, 8, 80, ElementType.BF16);
        Assert.Equal(81920 * 2 * KvBlocks.Positions, cache.TotalBytes);
    }

    [Fact]
    public void NumbersOutsideThePoolAreRejected()
    {
        using KvBlocks cache = new(2, 3, 1, 16, ElementType.BF16);
        foreach ((int group, int block) in new[] { (0, 3), (0, -1), (2, 0), (-1, 0), (0, int.MaxValue), (int.MinValue, 0) })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => cache.ReadBlock(group, block));
        }

        // Blocks must not overlap, so each one keeps its own mark.
        for (int i = 0; i < 6; i++)
        {
            cache.FillBlock(i / 3, i % 3, (byte)(i + 1));
        }

        for (int i = 0; i < 6; i++)
        {
            Assert.False(cache.ReadBlock(i / 3, i % 3).AsSpan().ContainsAnyExcept((byte)(i + 1)));
        }
    }

    [Fact]
    public void GroupMemoryCanBeAttachedAndReleased()
    {
        using KvBlocks cache = new(2, 3, 1, 16, ElementType.F32, reserve: false);
        Assert.Equal((0, false, false), (cache.TotalBytes, cache.HasMemory(0), cache.HasMemory(1)));
        cache.Attach(1, cache.AllocateGroup());
        Assert.Equal((cache.GroupBytes, false, true), (cache.TotalBytes, cache.HasMemory(0), cache.HasMemory(1)));
        using (NativeBuffer second = cache.AllocateGroup())
        {
            Assert.Throws<InvalidOperationException>(() => cache.Attach(1, second));
        }

        using (NativeBuffer small = new(64))
        {
            Assert.ThrowsAny<ArgumentException>(() => cache.Attach(0, small));
        }

        Assert.Throws<InvalidOperationException>(() => cache.ReadBlock(0, 0));
        Assert.True(cache.Release(1));
        Assert.False(cache.Release(1));
        Assert.Equal(0, cache.TotalBytes);
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.HasMemory(2));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Release(-1));
    }

    [Fact]
    public void BlocksCanBeCopiedToOtherNumbersOfAnotherPool()
    {
        using KvBlocks from = new(2, 4, 2, 24, ElementType.BF16);
        using KvBlocks to = new(2, 3, 2, 24, ElementType.BF16);
        for (int block = 0; block < 4; block++)
        {
            from.FillBlock(1, block, (byte)(block + 1));
        }

        byte[] bytes = new byte[2 * from.BlockBytes];
        from.CopyOut(1, [3, 1], bytes);
        to.FillBlock(1, 1, 9);
        to.CopyIn(1, [0, 2], bytes);
        foreach ((int block, byte mark) in new[] { (0, (byte)4), (1, (byte)9), (2, (byte)2) })
        {
            Assert.False(to.ReadBlock(1, block).AsSpan().ContainsAnyExcept(mark));
        }

        Assert.Throws<ArgumentException>(() => from.CopyOut(1, [0], bytes));
        Assert.Throws<ArgumentException>(() => to.CopyIn(1, [0, 1, 2], bytes));
        Assert.Throws<ArgumentOutOfRangeException>(() => to.CopyIn(1, [0, 3], bytes));
        to.Release(1);
        Assert.Throws<InvalidOperationException>(() => to.CopyIn(1, [0, 1], bytes));
    }

    [Fact]
    public void AGroupWithoutMemoryIsRejected()
    {
        using KvBlocks cache = new(2, 3, 1, 16, ElementType.F32, reserve: false);
        cache.Attach(1, cache.AllocateGroup());
        using QueryBuffer queries = new(4, 1, cache, PanelKernels.For(InstructionSets.Best));
        using RotaryAngles rotary = new(4, 16);
        using Activation projected = new(4, 48, ElementType.F32);
        using Activation output = new(4, 16, ElementType.F32);
        using PagedAttention attention = new(pools.All[1], cache, 1, PanelKernels.For(InstructionSets.Best));
        QkvPreprocessor preprocessor = new(pools.All[1]);
        AttentionBatch batch = new(1, 1);
        batch.Add(new AttentionSlice(0, 4, 0, new[] { 0 }));
        AttentionWeights weights = new LayerParameters(null, null, null).ToWeights(16);
        foreach (Action call in new Action[]
        {
            () => preprocessor.Run(batch, projected, rotary, weights, queries, cache, 0), () => attention.Run(batch, queries, 0, output),
        })
        {
            Assert.Contains("Group 0", Assert.Throws<InvalidOperationException>(call).Message, StringComparison.Ordinal);
        }

        preprocessor.Run(batch, projected, rotary, weights, queries, cache, 1);
        attention.Run(batch, queries, 1, output);
    }

    [Theory]
    [InlineData(0, 1, 1, 16, ElementType.F32)]
    [InlineData(1, 0, 1, 16, ElementType.F32)]
    [InlineData(1, 1, 0, 16, ElementType.F32)]
    [InlineData(1, 1, -2, 16, ElementType.F32)]
    [InlineData(1, 1, 1, 0, ElementType.F32)]
    [InlineData(1, 1, 1, 15, ElementType.F32)]
    [InlineData(1, 1, 1, -16, ElementType.BF16)]
    [InlineData(1, 1, 1, 16, ElementType.F16)]
    [InlineData(1, 1, 1, 15, ElementType.I8)]
    public void InvalidShapesAreRejected(int groups, int blocks, int heads, int headSize, ElementType type) =>
        Assert.ThrowsAny<ArgumentException>(() => new KvBlocks(groups, blocks, heads, headSize, type));

    [Theory]
    [InlineData(3)]
    [InlineData(-1)]
    public void BlocksOutsideThePoolAreRejectedAndTheNextStepWorks(int block)
    {
        AttentionWeights weights = new LayerParameters(null, null, null).ToWeights(16);
        using KvBlocks cache = new(1, 3, 1, 16, ElementType.F32);
        using QueryBuffer queries = new(4, 1, cache, PanelKernels.For(InstructionSets.Best));
        using RotaryAngles rotary = new(4, 16);
        using Activation projected = ActivationRows.Of(ActivationRows.Random(4 * 48, 1), 48, ElementType.F32);
        using Activation output = new(4, 16, ElementType.F32);
        using PagedAttention attention = new(pools.All[1], cache, 1, PanelKernels.For(InstructionSets.Best));
        QkvPreprocessor preprocessor = new(pools.All[1]);
        AttentionBatch batch = new(1, 1);
        batch.Add(new AttentionSlice(0, 4, 0, new[] { block }));
        Assert.Throws<ArgumentOutOfRangeException>(() => preprocessor.Run(batch, projected, rotary, weights, queries, cache, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => attention.Run(batch, queries, 0, output));

        batch.Clear();
        batch.Add(new AttentionSlice(0, 1, 0, new[] { 2 }));
        rotary.Cos.Row(0).Fill(1);
        ActivationRows.Set(projected, 0, ActivationRows.Random(48, 9));
        preprocessor.Run(batch, projected, rotary, weights, queries, cache, 0);
        attention.Run(batch, queries, 0, output);

        // With a single position the output is its value.
        ActivationRows.AssertSameBits(projected.Row(0)[32..], output.Row(0), "single position");
    }

    [Fact]
    public void InvalidSlicesAreRejectedAndDoNotChangeTheBatch()
    {
        AttentionBatch batch = new(4, 2);
        batch.Add(new AttentionSlice(0, 10, 0, new[] { 0 }));
        AttentionSlice[] wrong =
        [
            new(10, 0, 0, new[] { 1 }),
            new(10, -1, 0, new[] { 1 }),
            new(10, 1, -1, new[] { 1 }),
            new(9, 1, 0, new[] { 1 }),
            new(10, 33, 0, new[] { 1 }),
            new(10, 1, 32, new[] { 1 }),
            new(10, 2, int.MaxValue - 1, new[] { 1 }),
        ];
        foreach (AttentionSlice slice in wrong)
        {
            Assert.Throws<ArgumentException>(() => batch.Add(slice));
        }

        Assert.Equal((10, 1), (batch.Rows, batch.SliceCount));
        batch.Add(new AttentionSlice(10, 32, 32, new[] { 1, 2 }));
        Assert.Equal((42, 2), (batch.Rows, batch.SliceCount));
        Assert.ThrowsAny<ArgumentException>(() => new AttentionBatch(5, 2));
        Assert.ThrowsAny<ArgumentException>(() => new AttentionBatch(5, 0));
        Assert.ThrowsAny<ArgumentException>(() => new AttentionBatch(0, 2));
    }

    [Fact]
    public void ABatchOfAnotherShapeIsRejected()
    {
        using KvBlocks cache = new(1, 3, 2, 16, ElementType.F32);
        using QueryBuffer queries = new(4, 4, cache, PanelKernels.For(InstructionSets.Best));
        using Activation output = new(4, 64, ElementType.F32);
        using PagedAttention attention = new(pools.One, cache, 2, PanelKernels.For(InstructionSets.Best));
        AttentionBatch batch = new(4, 4);
        batch.Add(new AttentionSlice(0, 4, 0, new[] { 0 }));
        Assert.Throws<ArgumentException>(() => attention.Run(batch, queries, 0, output));
    }
}
