using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Kernels.Tests.Support;
using HunyuanOrleans.Kernels.Threading;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Quantized;

/// <summary>Products of bytes against an exact reference: bit for bit, whatever the instructions, threads, tokens and tiles.</summary>
public sealed class IntegerProductsTests(Pools pools) : IClassFixture<Pools>
{
    private const int MaxTokens = 130;

    public static TheoryData<int, int, ElementType> Shapes
    {
        get
        {
            TheoryData<int, int, ElementType> data = [];
            foreach (int rows in new[] { 1, 16, 17, 64, 80, 130 })
            {
                foreach (int columns in new[] { 1, 3, 16, 33, 257 })
                {
                    data.Add(rows, columns, ElementType.BF16);
                }
            }

            // More columns than a chunk holds.
            data.Add(70, 4613, ElementType.F32);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void EveryTokenCountIsExact(int rows, int columns, ElementType input)
    {
        float[] w = Rows.Random(rows * columns, rows + (3 * columns));
        float[] x = Rows.Random(MaxTokens * columns, rows + columns, input, scale: 4);
        Array.Clear(x, 0, columns);
        Array.Clear(w, 0, columns);
        float[] expected = QuantizedReference.IntegerProducts(
            QuantizedReference.IntegerRows(x, MaxTokens, columns), QuantizedReference.IntegerWeights(w, rows, columns));
        using Activation from = Rows.Of(x, columns, input);
        using Activation to = new(MaxTokens, rows, ElementType.F32);
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            using Weights weights = Weights.Pack(w, rows, columns, ElementType.I8, isa, pools.One);
            foreach (WorkerPool pool in pools.All)
            {
                using MatrixProducts products = new(pool, 1);
                for (int tokens = 1; tokens <= MaxTokens; tokens += tokens < 20 ? 1 : 11)
                {
                    int first = tokens * 31 % (MaxTokens - tokens + 1);
                    products.Add(weights.Matrix, from, first, to, 0, tokens, Epilogue.Store);
                    products.Run();
                    Rows.AssertSameBits(expected.AsSpan(first * rows, tokens * rows), Rows.Get(to, 0, tokens), $"{isa}, {tokens} tokens, {pool.Threads} threads");
                }
            }
        }

        Rows.AssertPaddingIsZero(to);
    }
}
