using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Kernels.Tests.Support;
using HunyuanOrleans.Kernels.Threading;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Quantized;

/// <summary>Checks that products of quantised weights with 1 to 130 tokens have the bits of a reference, for all instruction sets and thread counts.</summary>
internal static class TokenCountSweep
{
    private const int MaxTokens = 130;

    public static TheoryData<int, int, ElementType> Shapes(int[] rows, int[] columns, int moreThanAChunk)
    {
        TheoryData<int, int, ElementType> data = new() { { 70, moreThanAChunk, ElementType.F32 } };
        foreach (int r in rows)
        {
            foreach (int c in columns)
            {
                data.Add(r, c, ElementType.BF16);
            }
        }

        return data;
    }

    public static void AssertExact(WorkerPools pools, int rows, int columns, ElementType input, ElementType type, Func<float[], int, PackedMatrix, float[], float[]> reference)
    {
        float[] w = ActivationRows.Random(rows * columns, rows + (3 * columns));
        float[] x = ActivationRows.Random(MaxTokens * columns, rows + columns, input, scale: 4);
        Array.Clear(x, 0, columns);
        Array.Clear(w, 0, columns);
        using Activation from = ActivationRows.Of(x, columns, input);
        using Activation to = new(MaxTokens, rows, ElementType.F32);
        float[]? expected = null;
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            using PackedWeights weights = PackedWeights.Pack(w, rows, columns, type, isa, pools.One);
            expected ??= reference(x, MaxTokens, weights.Matrix, w);
            foreach (WorkerPool pool in pools.All)
            {
                using MatrixProducts products = new(pool, 1);
                for (int tokens = 1; tokens <= MaxTokens; tokens += tokens < 20 ? 1 : 11)
                {
                    int first = tokens * 31 % (MaxTokens - tokens + 1);
                    products.Add(weights.Matrix, from, first, to, 0, tokens, Epilogue.Store);
                    products.Run();
                    ActivationRows.AssertSameBits(expected.AsSpan(first * rows, tokens * rows), ActivationRows.Get(to, 0, tokens), $"{isa}, {tokens} tokens, {pool.Threads} threads");
                }
            }
        }

        ActivationRows.AssertPaddingIsZero(to);
    }
}
