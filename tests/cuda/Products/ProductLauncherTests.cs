using HunyuanOrleans.Cuda.Packing;
using HunyuanOrleans.Cuda.Products;
using HunyuanOrleans.Kernels;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Products;

public sealed class ProductLauncherTests(ProductDevice device) : IClassFixture<ProductDevice>
{
    private const int Multiprocessors = 132;

    [Theory]
    [InlineData(1, ElementType.F32, 64, ElementType.F32, 64, false)]
    [InlineData(1, ElementType.BF16, 48, ElementType.F32, 64, false)]
    [InlineData(1, ElementType.BF16, 64, ElementType.F16, 64, false)]
    [InlineData(1, ElementType.BF16, 64, ElementType.F32, 60, false)]
    [InlineData(1, ElementType.BF16, 64, ElementType.BF16, 64, true)]
    [InlineData(2, ElementType.BF16, 64, ElementType.F32, 64, false)]
    public void Products_that_do_not_fit_are_refused(int experts, ElementType xType, int xStride, ElementType yType, int yStride, bool accumulate)
    {
        DeviceMatrix matrix = DeviceMatrix.At(CudaMatrixLayout.Of(16, 32, ElementType.BF16), 256) with { Experts = experts };
        Assert.Throws<ArgumentException>(() => device.Launcher.Launch(
            matrix, ProductTokens.All(1), new DeviceRows(256, xStride, xType), new DeviceRows(256, yStride, yType), accumulate, device.Stream));
    }

    [Theory]
    [InlineData(6400, 8, 1, 8, ProductShape.Decode)]
    [InlineData(6400, 9, 1, 9, ProductShape.Batch)]
    [InlineData(6400, 128, 1, 128, ProductShape.Batch)]
    [InlineData(6400, 2048, 1, 2048, ProductShape.Prefill)]
    [InlineData(6400, 512, 64, 4096, ProductShape.Batch)]
    [InlineData(6400, 8192, 64, 65536, ProductShape.Prefill)]
    public void The_shape_follows_the_tokens_of_a_matrix(int rows, int most, int experts, long total, object expected)
    {
        DeviceMatrix matrix = DeviceMatrix.OfExperts(CudaMatrixLayout.Of(rows, 4096, ElementType.BF16), 256, experts);
        Assert.Equal(expected, ProductShapes.Choose(matrix, new ProductTokens(most, total, 256), Multiprocessors));
    }
}
