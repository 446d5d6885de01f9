using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Tests.Support;
using HunyuanOrleans.Kernels.Threading;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Elementwise;

/// <summary>Copying, biasing and summing rows.</summary>
public sealed class RowOperationsTests(WorkerPools pools) : IClassFixture<WorkerPools>
{
    private const int Count = 70;

    [Theory]
    [InlineData(ElementType.F32, 1)]
    [InlineData(ElementType.F32, 33)]
    [InlineData(ElementType.BF16, 1)]
    [InlineData(ElementType.BF16, 47)]
    public void GatherCopiesTheSelectedRows(ElementType type, int columns)
    {
        using Activation from = ActivationRows.Of(ActivationRows.Random(Count * columns, 1), columns, type);
        int[] rows = [.. Enumerable.Range(0, Count).Select(i => i * 37 % 61)];
        foreach (WorkerPool pool in pools.All)
        {
            using Activation to = new(Count, columns, type);
            ActivationRows.Fill(to, 5);
            new RowGather(pool).Run(from, rows, Count - 1, to);
            for (int i = 0; i < Count - 1; i++)
            {
                ActivationRows.AssertSameBits(ActivationRows.Get(from, rows[i]), ActivationRows.Get(to, i), $"row {i}");
            }

            Assert.All(ActivationRows.Get(to, Count - 1), v => Assert.Equal(5, v));
            ActivationRows.AssertPaddingIsZero(to);
        }

        using Activation other = new(Count, columns + 1, type);
        RowGather gather = new(pools.All[1]);
        Assert.ThrowsAny<ArgumentException>(() => gather.Run(from, rows, Count, other));
        Assert.ThrowsAny<ArgumentException>(() => gather.Run(from, rows, Count + 1, from));
        Assert.ThrowsAny<ArgumentException>(() => gather.Run(from, [0, Count], 2, from));
        Assert.ThrowsAny<ArgumentException>(() => gather.Run(from, [0, -1], 2, from));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(50)]
    public void BiasIsAddedToTheFirstRows(int columns)
    {
        float[] before = ActivationRows.Random(Count * columns, 1);
        float[] bias = ActivationRows.Random(columns, 2);
        foreach (WorkerPool pool in pools.All)
        {
            using Activation x = ActivationRows.Of(before, columns, ElementType.F32);
            new BiasAdd(pool).Run(x, Count - 1, bias);
            for (int i = 0; i < before.Length; i++)
            {
                float expected = i / columns < Count - 1 ? before[i] + bias[i % columns] : before[i];
                Assert.Equal(expected, x.Row(i / columns)[i % columns]);
            }

            ActivationRows.AssertPaddingIsZero(x);
        }

        using Activation wrong = ActivationRows.Of(before, columns, ElementType.F32);
        Assert.ThrowsAny<ArgumentException>(() => new BiasAdd(pools.One).Run(wrong, 1, new float[columns + 1]));
        Assert.ThrowsAny<ArgumentException>(() => new BiasAdd(pools.One).Run(wrong, Count + 1, bias));
    }

    [Theory]
    [InlineData(ElementType.F32, 3, 1)]
    [InlineData(ElementType.F32, 100, 8)]
    [InlineData(ElementType.BF16, 16, 4)]
    [InlineData(ElementType.BF16, 77, 2)]
    public void WeightedRowsAreAddedInOrder(ElementType type, int columns, int perToken)
    {
        float[] x = ActivationRows.Random(Count * columns, 1, type);
        float[] before = ActivationRows.Random(Count * columns, 2);
        float[] weights = ActivationRows.Random(Count * perToken, 3);
        int[] rows = [.. Enumerable.Range(0, Count * perToken).Select(i => i * 29 % Count)];
        using Activation source = ActivationRows.Of(x, columns, type);
        foreach (WorkerPool pool in pools.All)
        {
            using Activation y = ActivationRows.Of(before, columns, ElementType.F32);
            new WeightedRowSum(pool).Run(source, rows, weights, perToken, Count - 1, y);
            for (int token = 0; token < Count; token++)
            {
                for (int c = 0; c < columns; c++)
                {
                    // A chain of float32 fused multiply-adds gives exactly the same bits.
                    float expected = before[(token * columns) + c];
                    for (int i = 0; i < perToken && token < Count - 1; i++)
                    {
                        expected = MathF.FusedMultiplyAdd(weights[(token * perToken) + i], x[(rows[(token * perToken) + i] * columns) + c], expected);
                    }

                    Assert.Equal(expected, y.Row(token)[c]);
                }
            }

            ActivationRows.AssertPaddingIsZero(y);
        }

        WeightedRowSum sums = new(pools.All[1]);
        using Activation wide = new(Count, columns + 1, ElementType.F32);
        using Activation rounded = new(Count, columns, ElementType.BF16);
        Assert.ThrowsAny<ArgumentException>(() => sums.Run(source, rows, weights, perToken, 1, wide));
        Assert.ThrowsAny<ArgumentException>(() => sums.Run(source, rows, weights, perToken, 1, rounded));
        Assert.ThrowsAny<ArgumentException>(() => sums.Run(source, rows, weights, perToken + 1, Count, rounded));
    }
}
