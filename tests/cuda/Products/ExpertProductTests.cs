using HunyuanOrleans.Cuda.Products;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Ptx.Driver;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Products;

public sealed class ExpertProductTests(ProductDevice device) : IClassFixture<ProductDevice>, IDisposable
{
    private const int Rows = 48;
    private const int Columns = 96;

    public void Dispose() => device.FreeAll();

    public static TheoryData<ElementType, int, bool> Products()
    {
        TheoryData<ElementType, int, bool> products = [];
        foreach (ElementType type in new[] { ElementType.BF16, ElementType.I8, ElementType.F8E4M3, ElementType.I4 })
        {
            products.Add(type, (int)ProductShape.Decode, true);
            products.Add(type, (int)ProductShape.Batch, false);
            products.Add(type, (int)ProductShape.Prefill, true);
        }

        // float32 weights have one kernel for all shapes.
        products.Add(ElementType.F32, (int)ProductShape.Decode, true);
        products.Add(ElementType.F32, (int)ProductShape.Decode, false);
        return products;
    }

    [Theory]
    [MemberData(nameof(Products))]
    public void Every_token_is_multiplied_with_the_matrix_of_its_expert(ElementType type, int shape, bool paired)
    {
        // Most experts, also the first and the last, have no tokens.
        const int Experts = 40;
        int[] starts = [.. Enumerable.Range(0, Experts + 1).Select(static expert => expert switch { < 2 => 0, < 34 => 5, < 38 => 38, _ => 39 })];
        ProductMatrix[] matrices = [.. Enumerable.Range(0, Experts).Select(expert => new ProductMatrix(Rows, Columns, type, paired, seed: expert))];
        ulong[] table = new ulong[Experts * 2];
        for (int expert = 0; expert < Experts; expert++)
        {
            DeviceMatrix matrix = device.Upload(matrices[expert]);
            (table[expert * 2], table[(expert * 2) + 1]) = (matrix.Weights, matrix.Scales);
        }

        DeviceMatrix all = DeviceMatrix.OfExperts(matrices[0].Layout, device.Upload<ulong>(table), Experts);
        ProductTokens tokens = new(Most: 100, Total: 39, device.Upload<int>(starts));
        float[] x = ProductRun.Activations(39, Columns, seed: 9);
        float[] results = new ProductRun(device).Multiply(all, tokens, x, ElementType.BF16, ElementType.F32, accumulate: false, (ProductShape)shape);
        int outputs = all.Layout.Outputs;
        for (int expert = 0; expert < Experts; expert++)
        {
            (int first, int end) = (starts[expert], starts[expert + 1]);
            ProductRun.Check(
                matrices[expert], x.AsSpan(first * Columns, (end - first) * Columns), results.AsSpan(first * outputs, (end - first) * outputs), ElementType.F32, false);
        }
    }

    [Fact]
    public void No_more_experts_get_blocks_than_there_are_tokens()
    {
        ProductMatrix[] matrices = [.. Enumerable.Range(0, 8).Select(static expert => new ProductMatrix(Rows, Columns, ElementType.BF16, false, seed: expert))];
        ulong[] table = [.. matrices.Select(device.Upload).SelectMany(static matrix => new[] { matrix.Weights, matrix.Scales })];
        DeviceMatrix all = DeviceMatrix.OfExperts(matrices[0].Layout, device.Upload<ulong>(table), 8);
        ProductTokens tokens = new(Most: 2, Total: 2, device.Upload<int>([0, 0, 0, 0, 1, 1, 1, 1, 2]));
        float[] x = ProductRun.Activations(2, Columns, seed: 10);
        long before = Blocks();
        float[] results = new ProductRun(device).Multiply(all, tokens, x, ElementType.BF16, ElementType.F32, accumulate: false, ProductShape.Decode);
        Assert.Equal(2 * all.Layout.RowTiles, Blocks() - before);
        ProductRun.Check(matrices[3], x.AsSpan(0, Columns), results.AsSpan(0, Rows), ElementType.F32, false);
        ProductRun.Check(matrices[7], x.AsSpan(Columns), results.AsSpan(Rows), ElementType.F32, false);
    }

    private long Blocks() => device.Driver.Statistics.TryGetValue("Kernel_Bf16DecodeProduct", out KernelStatistics? statistics) ? statistics.Blocks : 0;
}
