using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Kernels.Tests.Support;
using HunyuanOrleans.Kernels.Threading;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Products;

/// <summary>Several products in one run, and runs after a rejected product.</summary>
public sealed class BatchedProductsTests(WorkerPools pools) : IClassFixture<WorkerPools>
{
    public static TheoryData<InstructionSet, ElementType> Cases => KernelVariants.WithTypes();

    [Theory]
    [MemberData(nameof(Cases))]
    public void ProductsGiveTheSameBitsTogetherAndAlone(InstructionSet isa, ElementType type)
    {
        const int Columns = 72;
        int[] counts = [3, 0, 1, 70, 12, 0, 256];
        int[] widths = [80, 64, 5, 130, 16, 1, 96];
        Epilogue[] epilogues = [Epilogue.Store, Epilogue.Store, Epilogue.Add, Epilogue.SwiGlu, Epilogue.Add, Epilogue.Store, Epilogue.SwiGlu];
        int total = counts.Sum();
        using Activation x = ActivationRows.Of(ActivationRows.Random(total * Columns, 1, type), Columns, type);
        PackedWeights[] weights = new PackedWeights[counts.Length];
        for (int i = 0; i < counts.Length; i++)
        {
            float[] first = ActivationRows.Random(widths[i] * Columns, 10 + i, type);
            weights[i] = epilogues[i] == Epilogue.SwiGlu
                ? PackedWeights.PackPair(first, ActivationRows.Random(first.Length, 20 + i, type), widths[i], Columns, type, isa, pools.One)
                : PackedWeights.Pack(first, widths[i], Columns, type, isa, pools.One);
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
                float[][] values = [.. outputs.Select(o => ActivationRows.Get(o, 0, total))];
                alone ??= values;
                for (int i = 0; i < counts.Length; i++)
                {
                    ActivationRows.AssertSameBits(alone[i], values[i], $"product {i}, {pool.Threads} threads, together: {together}");
                    outputs[i].Dispose();
                }
            }
        }

        Array.ForEach(weights, w => w.Dispose());
    }

    [Fact]
    public void ARejectedProductClearsTheRun()
    {
        InstructionSet isa = InstructionSets.Best;
        using PackedWeights weights = PackedWeights.Pack(ActivationRows.Random(64 * 8, 1), 64, 8, ElementType.F32, isa, pools.One);
        using Activation x = ActivationRows.Of(ActivationRows.Random(4 * 8, 2), 8, ElementType.F32);
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
            Assert.All(ActivationRows.Get(y, 0, 4), v => Assert.Equal(0, v));
        }

        products.Add(weights.Matrix, x, 0, y, 0, 4, Epilogue.Add);
        products.Add(weights.Matrix, x, 0, y, 0, 4, Epilogue.Add);
        Assert.Throws<InvalidOperationException>(() => products.Add(weights.Matrix, x, 0, y, 0, 4, Epilogue.Add));
        products.Add(weights.Matrix, x, 0, y, 0, 4, Epilogue.Store);
        products.Run();
        float[] once = ActivationRows.Get(y, 0, 4);
        products.Add(weights.Matrix, x, 0, y, 0, 4, Epilogue.Store);
        products.Run();
        ActivationRows.AssertSameBits(once, ActivationRows.Get(y, 0, 4), "after a refused product");
    }
}
