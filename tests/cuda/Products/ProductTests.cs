using HunyuanOrleans.Cuda.Products;
using HunyuanOrleans.Kernels;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Products;

public sealed class ProductTests(ProductDevice device) : IClassFixture<ProductDevice>, IDisposable
{
    private static readonly ElementType[] TensorCoreTypes = [ElementType.BF16, ElementType.I8, ElementType.F8E4M3, ElementType.I4];

    // Rows and columns at, below and above the sizes of tiles, stages and blocks.
    private static readonly (int Rows, int Columns)[] Shapes = [(16, 32), (70, 130), (137, 257), (2, 7), (18, 900)];

    public static TheoryData<ElementType, int, int, int> TensorCoreProducts()
    {
        TheoryData<ElementType, int, int, int> products = [];
        foreach (ElementType type in TensorCoreTypes)
        {
            foreach ((int rows, int columns) in Shapes)
            {
                products.Add(type, (int)ProductShape.Decode, rows, columns);
                products.Add(type, (int)ProductShape.Batch, rows, columns);
                products.Add(type, (int)ProductShape.Prefill, rows, columns);
            }
        }

        return products;
    }

    public void Dispose() => device.FreeAll();

    [Theory]
    [MemberData(nameof(TensorCoreProducts))]
    public void Products_are_close_to_sums_in_float64(ElementType type, int shape, int rows, int columns)
    {
        ProductMatrix matrix = new(rows, columns, type, paired: false, seed: rows);
        ProductMatrix pairs = new(rows % 2 == 0 ? rows : rows + 1, columns, type, paired: true, seed: columns);
        int[] tokenCounts = (ProductShape)shape switch
        {
            ProductShape.Decode => [1, 7, 8],
            ProductShape.Batch => [9, 17, 33, 64],
            _ => [65, 300],
        };
        foreach (int tokens in tokenCounts)
        {
            Check(matrix, tokens, ElementType.BF16, ElementType.BF16, accumulate: false, (ProductShape)shape);
            Check(pairs, tokens, ElementType.BF16, ElementType.F32, accumulate: false, (ProductShape)shape);
            if (tokens == tokenCounts[0])
            {
                Check(matrix, tokens, ElementType.BF16, ElementType.F32, accumulate: false, (ProductShape)shape);
                Check(matrix, tokens, ElementType.BF16, ElementType.F32, accumulate: true, (ProductShape)shape);
                Check(pairs, tokens, ElementType.BF16, ElementType.BF16, accumulate: false, (ProductShape)shape);
            }
        }
    }

    [Theory]
    [InlineData(5, 3)]
    [InlineData(24, 128)]
    [InlineData(18, 301)]
    [InlineData(9, 1100)]
    public void Products_with_float32_weights_are_close_to_sums_in_float64(int rows, int columns)
    {
        ProductMatrix matrix = new(rows, columns, ElementType.F32, paired: false, seed: rows);
        ProductMatrix pairs = new(rows * 2, columns, ElementType.F32, paired: true, seed: columns);
        foreach (ElementType xType in new[] { ElementType.F32, ElementType.BF16 })
        {
            foreach (int tokens in new[] { 1, 7, 8, 9, 33 })
            {
                Check(matrix, tokens, xType, ElementType.BF16, accumulate: false, ProductShape.Decode);
                Check(matrix, tokens, xType, ElementType.F32, accumulate: true, ProductShape.Decode);
                Check(pairs, tokens, xType, ElementType.F32, accumulate: false, ProductShape.Decode);
            }
        }
    }

    private void Check(ProductMatrix matrix, int tokens, ElementType xType, ElementType yType, bool accumulate, ProductShape shape)
    {
        float[] x = ProductRun.Activations(tokens, matrix.Layout.Columns, seed: tokens);
        float[] results = new ProductRun(device).Multiply(device.Upload(matrix), ProductTokens.All(tokens), x, xType, yType, accumulate, shape);
        ProductRun.Check(matrix, x, results, yType, accumulate);
    }
}
