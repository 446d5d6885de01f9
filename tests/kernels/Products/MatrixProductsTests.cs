using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Kernels.Tests.Support;
using HunyuanOrleans.Kernels.Threading;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Products;

/// <summary>
/// Products match float64, and each token has the same bits for any batch, any number of threads and, if instruction sets guarantee it, any
/// instruction set.
/// </summary>
public sealed class MatrixProductsTests(WorkerPools pools) : IClassFixture<WorkerPools>
{
    private const int MaxTokens = 600;
    private static readonly int[] TokenCounts = [.. Enumerable.Range(1, 20), 63, 64, 65, 255, 256, 257, MaxTokens];

    public static TheoryData<ElementType, int, int> Shapes
    {
        get
        {
            TheoryData<ElementType, int, int> data = [];
            foreach (ElementType type in KernelVariants.Types)
            {
                foreach (int rows in new[] { 1, 5, 16, 17, 48, 64, 80, 100, 130 })
                {
                    foreach (int columns in new[] { 1, 7, 8, 33 })
                    {
                        data.Add(type, rows, columns);
                    }
                }

                // More columns than fit a chunk, and many more blocks than workers.
                data.Add(type, 80, 1301);
                data.Add(type, 17, 2115);
                data.Add(type, 1030, 16);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void ResultsDoNotDependOnTokenOrThreadCount(ElementType type, int rows, int columns)
    {
        float[] w = ActivationRows.Random(rows * columns, (rows * 7) + columns, type);
        float[] x = ActivationRows.Random(MaxTokens * columns, rows + columns, type, scale: 4);
        ProductReference reference = new(x, w, rows, columns);
        using Activation input = ActivationRows.Of(x, columns, type);
        using Activation output = new(MaxTokens + 1, rows, ElementType.F32);
        float[]? portable = null;
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            using PackedWeights weights = PackedWeights.Pack(w, rows, columns, type, isa, pools.One);
            float[] whole = Run(pools.One, weights, input, 0, output, MaxTokens);
            AssertNear(reference, whole, rows, $"{isa}");
            if (!KernelVariants.RoundsDifferently(isa, type))
            {
                portable ??= whole;
                ActivationRows.AssertSameBits(portable, whole, $"{isa} against {InstructionSets.Available[0]}");
            }

            foreach (WorkerPool pool in pools.All)
            {
                foreach (int tokens in TokenCounts)
                {
                    int first = tokens * 31 % (MaxTokens - tokens + 1);
                    float[] some = Run(pool, weights, input, first, output, tokens);
                    ActivationRows.AssertSameBits(whole.AsSpan(first * rows, tokens * rows), some, $"{isa}, {tokens} tokens from {first}, {pool.Threads} threads");
                }
            }
        }

        ActivationRows.AssertPaddingIsZero(output);
    }

    [Theory]
    [MemberData(nameof(SomeShapes))]
    public void StoresBfloat16(ElementType type, int rows, int columns, int tokens)
    {
        float[] w = ActivationRows.Random(rows * columns, 1, type);
        float[] x = ActivationRows.Random(tokens * columns, 2, type, scale: 4);
        ProductReference reference = new(x, w, rows, columns);
        using Activation input = ActivationRows.Of(x, columns, type);
        using Activation output = new(tokens + 2, rows, ElementType.BF16);
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            using PackedWeights weights = PackedWeights.Pack(w, rows, columns, type, isa, pools.One);
            foreach (WorkerPool pool in pools.All)
            {
                ActivationRows.Fill(output, 7);
                using MatrixProducts products = new(pool, 1);
                products.Add(weights.Matrix, input, 0, output, 1, tokens, Epilogue.Store);
                products.Run();
                for (int t = 0; t < tokens; t++)
                {
                    float[] row = ActivationRows.Get(output, t + 1);
                    for (int r = 0; r < rows; r++)
                    {
                        double bound = reference.Bound(t, r);
                        bound += (Math.Abs(reference.Sum(t, r)) + bound) * Rounding.Bf16;
                        Check(reference.Sum(t, r), row[r], bound, $"{isa}, token {t}, row {r}");
                    }
                }

                AssertUntouched(output, 7, 0, tokens + 1);
            }
        }

        ActivationRows.AssertPaddingIsZero(output);
    }

    [Theory]
    [MemberData(nameof(SomeShapes))]
    public void AddsToTheOutput(ElementType type, int rows, int columns, int tokens)
    {
        float[] w = ActivationRows.Random(rows * columns, 3, type);
        float[] x = ActivationRows.Random(tokens * columns, 4, type, scale: 4);
        float[] before = ActivationRows.Random(tokens * rows, 5);
        using Activation input = ActivationRows.Of(x, columns, type);
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            using PackedWeights weights = PackedWeights.Pack(w, rows, columns, type, isa, pools.One);
            using Activation plain = new(tokens, rows, ElementType.F32);
            float[] sums = Run(pools.One, weights, input, 0, plain, tokens);
            foreach (WorkerPool pool in pools.All)
            {
                using Activation output = ActivationRows.Of(before, rows, ElementType.F32);
                using MatrixProducts products = new(pool, 1);
                products.Add(weights.Matrix, input, 0, output, 0, tokens, Epilogue.Add);
                products.Run();
                ActivationRows.AssertSameBits([.. before.Zip(sums, (a, b) => a + b)], ActivationRows.Get(output, 0, tokens), $"{isa}, {pool.Threads} threads");
                ActivationRows.AssertPaddingIsZero(output);
            }
        }
    }

    public static TheoryData<ElementType, int, int, int> SomeShapes
    {
        get
        {
            TheoryData<ElementType, int, int, int> data = [];
            foreach (ElementType type in KernelVariants.Types)
            {
                data.Add(type, 1, 1, 1);
                data.Add(type, 5, 9, 3);
                data.Add(type, 48, 40, 8);
                data.Add(type, 100, 77, 13);
                data.Add(type, 130, 30, 300);
            }

            return data;
        }
    }

    private static float[] Run(WorkerPool pool, PackedWeights weights, Activation x, int first, Activation y, int tokens)
    {
        // A marker in the row after the last one detects a write too many.
        using MatrixProducts products = new(pool, 1);
        products.Add(weights.Matrix, x, first, y, 0, tokens, Epilogue.Store);
        if (tokens < y.Rows)
        {
            y.Row(tokens).Fill(float.MaxValue);
        }

        products.Run();
        Assert.True(tokens == y.Rows || !y.Row(tokens).ContainsAnyExcept(float.MaxValue));
        return ActivationRows.Get(y, 0, tokens);
    }

    private static void AssertNear(ProductReference reference, float[] actual, int rows, string what)
    {
        for (int i = 0; i < actual.Length; i++)
        {
            Check(reference.Sum(i / rows, i % rows), actual[i], reference.Bound(i / rows, i % rows), $"{what}, token {i / rows}, row {i % rows}");
        }
    }

    private static void Check(double expected, float actual, double bound, string what)
    {
        // Written so that NaN fails.
        if (!(Math.Abs(expected - actual) <= bound))
        {
            Assert.Fail($"{what}: {actual:R}, expected {expected:R} within {bound:R}.");
        }
    }

    private static void AssertUntouched(Activation rows, float value, params ReadOnlySpan<int> which)
    {
        foreach (int row in which)
        {
            Assert.All(ActivationRows.Get(rows, row), v => Assert.Equal(value, v));
        }
    }
}
