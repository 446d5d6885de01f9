using HunyuanOrleans.Cuda.Products;
using HunyuanOrleans.Kernels;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Products;

public sealed class SameBitsTests(ProductDevice device) : IClassFixture<ProductDevice>, IDisposable
{
    private const int Columns = 700;
    private const int Tokens = 70;

    public void Dispose() => device.FreeAll();

    [Theory]
    [InlineData(ElementType.BF16)]
    [InlineData(ElementType.I8)]
    [InlineData(ElementType.F8E4M3)]
    [InlineData(ElementType.I4)]
    [InlineData(ElementType.F32)]
    public void A_token_has_the_same_bits_in_every_shape_and_alone(ElementType type)
    {
        ProductMatrix source = new(40, Columns, type, paired: false, seed: 5);
        DeviceMatrix matrix = device.Upload(source);
        float[] x = ProductRun.Activations(Tokens, Columns, seed: 6);
        int[] expected = Multiply(matrix, x, ProductShape.Decode);
        foreach (ProductShape shape in Shapes(type)[1..])
        {
            Assert.Equal(expected, Multiply(matrix, x, shape));
        }

        foreach (int token in new[] { 0, 9, 65, 69 })
        {
            float[] alone = x[(token * Columns)..((token + 1) * Columns)];
            int[] result = expected[(token * 40)..((token + 1) * 40)];
            Assert.All(Shapes(type), shape => Assert.Equal(result, Multiply(matrix, alone, shape)));
        }
    }

    [Theory]
    [InlineData(ElementType.BF16)]
    [InlineData(ElementType.I4)]
    [InlineData(ElementType.F32)]
    public void Neighbours_that_are_NaN_do_not_change_a_token(ElementType type)
    {
        DeviceMatrix matrix = device.Upload(new ProductMatrix(24, Columns, type, paired: false, seed: 7));
        float[] x = ProductRun.Activations(Tokens, Columns, seed: 8);
        foreach (ProductShape shape in Shapes(type))
        {
            int[] expected = Multiply(matrix, x, shape);
            float[] spoilt = [.. x.Select(static (value, i) => i / Columns % 3 == 1 ? value : float.NaN)];
            int[] results = Multiply(matrix, spoilt, shape);
            for (int token = 0; token < Tokens; token++)
            {
                int[] of = results[(token * 24)..((token + 1) * 24)];
                if (token % 3 == 1)
                {
                    Assert.Equal(expected[(token * 24)..((token + 1) * 24)], of);
                }
                else
                {
                    Assert.All(of, static bits => Assert.True(float.IsNaN(BitConverter.Int32BitsToSingle(bits))));
                }
            }
        }
    }

    // float32 weights have one kernel for all shapes.
    private static ProductShape[] Shapes(ElementType type) =>
        type == ElementType.F32 ? [ProductShape.Decode] : [ProductShape.Decode, ProductShape.Batch, ProductShape.Prefill];

    private int[] Multiply(DeviceMatrix matrix, float[] x, ProductShape shape)
    {
        float[] results = new ProductRun(device).Multiply(
            matrix, ProductTokens.All(x.Length / Columns), x, ElementType.BF16, ElementType.F32, accumulate: false, shape);
        return [.. results.Select(BitConverter.SingleToInt32Bits)];
    }
}
