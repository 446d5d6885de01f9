using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Kernels.Tests.Support;
using HunyuanOrleans.Kernels.Threading;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Products;

/// <summary>
/// Products against float64, and each token's bits whatever is computed beside it, by how many threads, and (where instruction sets
/// promise it) by which instructions.
/// </summary>
public sealed class MatrixProductsTests(Pools pools) : IClassFixture<Pools>
{
    private const int MaxTokens = 600;
    private static readonly int[] TokenCounts = [.. Enumerable.Range(1, 20), 63, 64, 65, 255, 256, 257, MaxTokens];

    public static TheoryData<ElementType, int, int> Shapes
    {
        get
        {
            TheoryData<ElementType, int, int> data = [];
            foreach (ElementType type in Sets.Types)
            {
                foreach (int rows in new[] { 1, 5, 16, 17, 48, 64, 80, 100, 130 })
                {
                    foreach (int columns in new[] { 1, 7, 8, 33 })
                    {
                        data.Add(type, rows, columns);
                    }
                }

                // More columns than one chunk of any kind holds; more blocks than workers in pieces of several blocks.
                data.Add(type, 80, 1301);
                data.Add(type, 17, 2115);
                data.Add(type, 1030, 16);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void EveryTokenCountAndThreadCount(ElementType type, int rows, int columns)
    {
        float[] w = Rows.Random(rows * columns, (rows * 7) + columns, type);
        float[] x = Rows.Random(MaxTokens * columns, rows + columns, type, scale: 4);
        ProductReference reference = new(x, w, rows, columns);
        using Activation input = Rows.Of(x, columns, type);
        using Activation output = new(MaxTokens + 1, rows, ElementType.F32);
        float[]? portable = null;
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            using Weights weights = Weights.Pack(w, rows, columns, type, isa, pools.One);
            float[] whole = Run(pools.One, weights, input, 0, output, MaxTokens);
            AssertNear(reference, whole, rows, $"{isa}");
            if (!Sets.HasOwnBits(isa, type))
            {
                portable ??= whole;
                Rows.AssertSameBits(portable, whole, $"{isa} against {InstructionSets.Available[0]}");
            }

            foreach (WorkerPool pool in pools.All)
            {
                foreach (int tokens in TokenCounts)
                {
                    int first = tokens * 31 % (MaxTokens - tokens + 1);
                    float[] some = Run(pool, weights, input, first, output, tokens);
                    Rows.AssertSameBits(whole.AsSpan(first * rows, tokens * rows), some, $"{isa}, {tokens} tokens from {first}, {pool.Threads} threads");
                }
            }
        }

        Rows.AssertPaddingIsZero(output);
    }

    [Theory]
    [MemberData(nameof(SomeShapes))]
    public void StoredInBfloat16(ElementType type, int rows, int columns, int tokens)
    {
        float[] w = Rows.Random(rows * columns, 1, type);
        float[] x = Rows.Random(tokens * columns, 2, type, scale: 4);
        ProductReference reference = new(x, w, rows, columns);
        using Activation input = Rows.Of(x, columns, type);
        using Activation output = new(tokens + 2, rows, ElementType.BF16);
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            using Weights weights = Weights.Pack(w, rows, columns, type, isa, pools.One);
            foreach (WorkerPool pool in pools.All)
            {
                Rows.Fill(output, 7);
                using MatrixProducts products = new(pool, 1);
                products.Add(weights.Matrix, input, 0, output, 1, tokens, Epilogue.Store);
                products.Run();
                for (int t = 0; t < tokens; t++)
                {
                    float[] row = Rows.Get(output, t + 1);
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

        Rows.AssertPaddingIsZero(output);
    }

    [Theory]
    [MemberData(nameof(SomeShapes))]
    public void AddedToTheOutput(ElementType type, int rows, int columns, int tokens)
    {
        float[] w = Rows.Random(rows * columns, 3, type);
        float[] x = Rows.Random(tokens * columns, 4, type, scale: 4);
        float[] before = Rows.Random(tokens * rows, 5);
        using Activation input = Rows.Of(x, columns, type);
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            using Weights weights = Weights.Pack(w, rows, columns, type, isa, pools.One);
            using Activation plain = new(tokens, rows, ElementType.F32);
            float[] sums = Run(pools.One, weights, input, 0, plain, tokens);
            foreach (WorkerPool pool in pools.All)
            {
                using Activation output = Rows.Of(before, rows, ElementType.F32);
                using MatrixProducts products = new(pool, 1);
                products.Add(weights.Matrix, input, 0, output, 0, tokens, Epilogue.Add);
                products.Run();
                Rows.AssertSameBits([.. before.Zip(sums, (a, b) => a + b)], Rows.Get(output, 0, tokens), $"{isa}, {pool.Threads} threads");
                Rows.AssertPaddingIsZero(output);
            }
        }
    }

    public static TheoryData<ElementType, int, int, int> SomeShapes
    {
        get
        {
            TheoryData<ElementType, int, int, int> data = [];
            foreach (ElementType type in Sets.Types)
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

    private static float[] Run(WorkerPool pool, Weights weights, Activation x, int first, Activation y, int tokens)
    {
        // A row behind the last one shows a token too many.
        using MatrixProducts products = new(pool, 1);
        products.Add(weights.Matrix, x, first, y, 0, tokens, Epilogue.Store);
        if (tokens < y.Rows)
        {
            y.Row(tokens).Fill(float.MaxValue);
        }

        products.Run();
        Assert.True(tokens == y.Rows || !y.Row(tokens).ContainsAnyExcept(float.MaxValue));
        return Rows.Get(y, 0, tokens);
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
        // A comparison that a NaN fails.
        if (!(Math.Abs(expected - actual) <= bound))
        {
            Assert.Fail($"{what}: {actual:R}, expected {expected:R} within {bound:R}.");
        }
    }

    private static void AssertUntouched(Activation rows, float value, params ReadOnlySpan<int> which)
    {
        foreach (int row in which)
        {
            Assert.All(Rows.Get(rows, row), v => Assert.Equal(value, v));
        }
    }
}
