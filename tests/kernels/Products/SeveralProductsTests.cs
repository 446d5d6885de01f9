using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Kernels.Tests.Support;
using HunyuanOrleans.Kernels.Threading;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Products;

/// <summary>Several products in one run, and what a refused product leaves behind.</summary>
public sealed class SeveralProductsTests(Pools pools) : IClassFixture<Pools>
{
    public static TheoryData<InstructionSet, ElementType> Cases => Sets.WithTypes();

    [Theory]
    [MemberData(nameof(Cases))]
    public void TogetherAsAlone(InstructionSet isa, ElementType type)
    {
        const int Columns = 72;
        int[] counts = [3, 0, 1, 70, 12, 0, 256];
        int[] widths = [80, 64, 5, 130, 16, 1, 96];
        Epilogue[] epilogues = [Epilogue.Store, Epilogue.Store, Epilogue.Add, Epilogue.SwiGlu, Epilogue.Add, Epilogue.Store, Epilogue.SwiGlu];
        int total = counts.Sum();
        using Activation x = Rows.Of(Rows.Random(total * Columns, 1, type), Columns, type);
        Weights[] weights = new Weights[counts.Length];
        for (int i = 0; i < counts.Length; i++)
        {
            float[] first = Rows.Random(widths[i] * Columns, 10 + i, type);
            weights[i] = epilogues[i] == Epilogue.SwiGlu
                ? Weights.PackPair(first, Rows.Random(first.Length, 20 + i, type), widths[i], Columns, type, isa, pools.One)
                : Weights.Pack(first, widths[i], Columns, type, isa, pools.One);
        }

        float[][]? alone = null;
        foreach (WorkerPool pool in pools.All)
        {
            using MatrixProducts products = new(pool, counts.Length);
            foreach (bool together in new[] { false, true })
            {
                Activation[] outputs = [.. widths.Select(w => new Activation(total, w, ElementType.F32))];
                int row = 0;
                for (int i = 0; i < counts.Length; i++)
                {
                    products.Add(weights[i].Matrix, x, row, outputs[i], row, counts[i], epilogues[i]);
                    row += counts[i];
                    if (!together)
                    {
                        products.Run();
                    }
                }

                products.Run();
                float[][] values = [.. outputs.Select(o => Rows.Get(o, 0, total))];
                alone ??= values;
                for (int i = 0; i < counts.Length; i++)
                {
                    Rows.AssertSameBits(alone[i], values[i], $"product {i}, {pool.Threads} threads, together: {together}");
                    outputs[i].Dispose();
                }
            }
        }

        Array.ForEach(weights, w => w.Dispose());
    }

    [Fact]
    public void RefusedProductsLeaveNothingBehind()
    {
        InstructionSet isa = InstructionSets.Best;
        using Weights weights = Weights.Pack(Rows.Random(64 * 8, 1), 64, 8, ElementType.F32, isa, pools.One);
        using Activation x = Rows.Of(Rows.Random(4 * 8, 2), 8, ElementType.F32);
        using Activation y = new(4, 64, ElementType.F32);
        using Activation narrow = new(4, 63, ElementType.F32);
        using Activation rounded = new(4, 64, ElementType.BF16);
        using MatrixProducts products = new(pools.All[1], 2);
        Action[] wrong =
        [
            () => products.Add(weights.Matrix, y, 0, y, 0, 4, Epilogue.Store),
            () => products.Add(weights.Matrix, rounded, 0, y, 0, 4, Epilogue.Store),
            () => products.Add(weights.Matrix, x, 0, narrow, 0, 4, Epilogue.Store),
            () => products.Add(weights.Matrix, x, 0, rounded, 0, 4, Epilogue.Add),
            () => products.Add(weights.Matrix, x, 0, narrow, 0, 4, Epilogue.SwiGlu),
            () => products.Add(weights.Matrix, x, 1, y, 0, 4, Epilogue.Store),
            () => products.Add(weights.Matrix, x, 0, y, 1, 4, Epilogue.Store),
            () => products.Add(weights.Matrix, x, -1, y, 0, 4, Epilogue.Store),
            () => products.Add(weights.Matrix, x, 0, y, 0, -1, Epilogue.Store),
        ];
        foreach (Action add in wrong)
        {
            products.Add(weights.Matrix, x, 0, y, 0, 4, Epilogue.Add);
            Assert.ThrowsAny<ArgumentException>(add);
            products.Run();
            Assert.All(Rows.Get(y, 0, 4), v => Assert.Equal(0, v));
        }

        products.Add(weights.Matrix, x, 0, y, 0, 4, Epilogue.Add);
        products.Add(weights.Matrix, x, 0, y, 0, 4, Epilogue.Add);
        Assert.Throws<InvalidOperationException>(() => products.Add(weights.Matrix, x, 0, y, 0, 4, Epilogue.Add));
        products.Add(weights.Matrix, x, 0, y, 0, 4, Epilogue.Store);
        products.Run();
        float[] once = Rows.Get(y, 0, 4);
        products.Add(weights.Matrix, x, 0, y, 0, 4, Epilogue.Store);
        products.Run();
        Rows.AssertSameBits(once, Rows.Get(y, 0, 4), "after a refused product");
    }
}
