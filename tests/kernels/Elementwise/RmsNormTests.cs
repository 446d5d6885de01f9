using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Tests.Support;
using HunyuanOrleans.Kernels.Threading;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Elementwise;

/// <summary>Row norms against float64, in both output types and in place, with the same bits for any number of threads.</summary>
public sealed class RmsNormTests(WorkerPools pools) : IClassFixture<WorkerPools>
{
    private const int TokenCount = 20;
    private const float Eps = 1e-5f;

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(31)]
    [InlineData(33)]
    [InlineData(80)]
    [InlineData(1001)]
    public void MatchesFloat64(int columns)
    {
        float[] x = ActivationRows.Random(TokenCount * columns, columns, scale: 5);
        float[] weight = ActivationRows.Random(columns, 3, scale: 2);
        x.AsSpan(columns * 3, columns).Clear();
        using Activation input = ActivationRows.Of(x, columns, ElementType.F32);
        foreach (ElementType type in KernelVariants.Types)
        {
            float[]? first = null;
            foreach (WorkerPool pool in pools.All)
            {
                const int Skipped = 2;
                using Activation output = new(TokenCount - 1, columns, type);
                using Activation also = new(TokenCount - 1, columns, ElementType.F32);
                ActivationRows.Fill(output, 9);
                new RmsNorm(pool).Run(input, Skipped, TokenCount - Skipped, weight, Eps, output, also);
                float[] actual = ActivationRows.Get(output, 0, TokenCount - Skipped);
                ActivationRows.AssertSameBits(actual, ActivationRows.Get(also, 0, TokenCount - Skipped), "the float32 copy");
                Assert.All(ActivationRows.Get(output, TokenCount - Skipped), v => Assert.Equal(9, v));
                first ??= actual;
                ActivationRows.AssertSameBits(first, actual, $"{pool.Threads} threads");
                AssertNear(x.AsSpan(Skipped * columns), weight, actual, type);
            }
        }

        using Activation place = ActivationRows.Of(x, columns, ElementType.F32);
        new RmsNorm(pools.All[2]).Run(place, 0, TokenCount, weight, Eps, place);
        AssertNear(x, weight, ActivationRows.Get(place, 0, TokenCount), ElementType.F32);
        ActivationRows.AssertPaddingIsZero(place);
    }

    [Fact]
    public void WrongShapesAreRejected()
    {
        using Activation x = new(4, 8, ElementType.F32);
        using Activation rounded = new(4, 8, ElementType.BF16);
        using Activation wide = new(4, 9, ElementType.F32);
        RmsNorm norm = new(pools.One);
        Assert.ThrowsAny<ArgumentException>(() => norm.Run(rounded, 0, 4, new float[8], Eps, x));
        Assert.ThrowsAny<ArgumentException>(() => norm.Run(x, 0, 4, new float[7], Eps, rounded));
        Assert.ThrowsAny<ArgumentException>(() => norm.Run(x, 0, 4, new float[8], Eps, wide));
        Assert.ThrowsAny<ArgumentException>(() => norm.Run(x, 1, 4, new float[8], Eps, rounded));
        Assert.ThrowsAny<ArgumentException>(() => norm.Run(x, 0, 4, new float[8], Eps, x, rounded));
        Assert.ThrowsAny<ArgumentException>(() => norm.Run(x, 0, 4, new float[8], Eps, x, wide));
    }

    private static void AssertNear(ReadOnlySpan<float> x, float[] weight, float[] actual, ElementType type)
    {
        int columns = weight.Length;
        for (int row = 0; row < actual.Length / columns; row++)
        {
            double squares = 0;
            for (int i = 0; i < columns; i++)
            {
                squares += (double)x[(row * columns) + i] * x[(row * columns) + i];
            }

            double scale = 1 / Math.Sqrt((squares / columns) + Eps);
            for (int i = 0; i < columns; i++)
            {
                double expected = x[(row * columns) + i] * scale * weight[i];

                // The square root halves the error of the sum. Root, reciprocal, division and two products add their own.
                double relative = (Rounding.Gamma(columns + 40) / 2) + (6 * Rounding.Single);
                double bound = (Math.Abs(expected) * (relative + ((1 + relative) * Rounding.OfStore(type)))) + Rounding.Flush;
                Assert.True(Math.Abs(expected - actual[(row * columns) + i]) <= bound, $"Row {row}, column {i}: {actual[(row * columns) + i]}, expected {expected}.");
            }
        }
    }
}
