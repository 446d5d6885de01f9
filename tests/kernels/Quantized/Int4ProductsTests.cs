using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Kernels.Tests.Support;
using HunyuanOrleans.Kernels.Threading;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Quantized;

/// <summary>Products of 4-bit weights have the bits of a reference for any instruction set, threads, tokens and tiles.</summary>
public sealed class Int4ProductsTests(WorkerPools pools) : IClassFixture<WorkerPools>
{
    public static TheoryData<int, int, ElementType> Shapes =>
        TokenCountSweep.Shapes(rows: [1, 16, 17, 48, 64, 80, 130], columns: [1, 31, 32, 33, 257], moreThanAChunk: 8229);

    [Theory]
    [MemberData(nameof(Shapes))]
    public void EveryTokenCountIsExact(int rows, int columns, ElementType input) =>
        TokenCountSweep.AssertExact(pools, rows, columns, input, ElementType.I4, (x, tokens, packed, _) =>
            Reference(QuantizedReference.IntegerRows(x, tokens, columns), packed));

    [Fact]
    public void TheLargestSumsDoNotOverflow()
    {
        const int Columns = 4096;
        float[] w = [.. Enumerable.Repeat(-8f, 64 * Columns)];
        float[] x = [.. Enumerable.Repeat(127f, 20 * Columns).Select((v, i) => i / Columns % 2 == 0 ? v : -v)];
        using Activation from = ActivationRows.Of(x, Columns, ElementType.F32);
        using Activation to = new(20, 64, ElementType.F32);
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            using PackedWeights weights = PackedWeights.Pack(w, 64, Columns, ElementType.I4, isa, pools.One);
            using MatrixProducts products = new(pools.One, 1);
            products.Add(weights.Matrix, from, 0, to, 0, 20, Epilogue.Store);
            products.Run();
            for (int token = 0; token < 20; token++)
            {
                Assert.All(ActivationRows.Get(to, token), value => Assert.Equal((token % 2 == 0 ? -8f : 8f) * 127 * Columns, value));
            }
        }
    }

    [Fact]
    public void NaNAndInfinityGiveNaN()
    {
        const int Columns = 96;
        float[] w = ActivationRows.Random(80 * Columns, 1);
        w[(3 * Columns) + 40] = float.NaN;
        w[(70 * Columns) + 95] = float.PositiveInfinity;
        float[] x = ActivationRows.Random(3 * Columns, 2);
        x[Columns + 7] = float.NegativeInfinity;
        using Activation from = ActivationRows.Of(x, Columns, ElementType.F32);
        using Activation to = new(3, 80, ElementType.F32);
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            using PackedWeights weights = PackedWeights.Pack(w, 80, Columns, ElementType.I4, isa, pools.One);
            using MatrixProducts products = new(pools.One, 1);
            products.Add(weights.Matrix, from, 0, to, 0, 3, Epilogue.Store);
            products.Run();
            for (int token = 0; token < 3; token++)
            {
                float[] y = ActivationRows.Get(to, token);
                for (int row = 0; row < 80; row++)
                {
                    Assert.Equal(token == 1 || row is 3 or 70, float.IsNaN(y[row]));
                }
            }
        }
    }

    /// <summary>
    /// The definition: an integer sum for each group, a chain of fused multiply-adds of these sums with the group scales, and the result times
    /// the scale of the token.
    /// </summary>
    private static float[] Reference(QuantizedReference.Codes x, PackedMatrix w)
    {
        int tokens = x.Scales.Length;
        float[] y = new float[tokens * w.Rows];
        for (int row = 0; row < w.Rows; row++)
        {
            int[] codes = [.. Enumerable.Range(0, w.Columns).Select(c => Int4Reader.Code(w, row, c))];
            for (int token = 0; token < tokens; token++)
            {
                float sum = 0;
                for (int first = 0; first < w.Columns; first += 32)
                {
                    int group = 0;
                    for (int column = first; column < Math.Min(w.Columns, first + 32); column++)
                    {
                        group += codes[column] * (int)x.Values[(token * w.Columns) + column];
                    }

                    sum = MathF.FusedMultiplyAdd(group, (float)Int4Reader.Scale(w, row, first), sum);
                }

                y[(token * w.Rows) + row] = sum * x.Scales[token];
            }
        }

        return y;
    }
}
