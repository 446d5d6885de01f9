using HunyuanOrleans.Cuda.Compilation;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Kernels;
using HunyuanOrleans.Cuda.Tests.Products;
using Xunit;
using static HunyuanOrleans.Cuda.Compilation.Ptx;

namespace HunyuanOrleans.Cuda.Tests.Kernels;

public sealed class KernelMathTests(ProductDevice device) : IClassFixture<ProductDevice>
{
    private const int Threads = 256;

    [Kernel(threads: Threads)]
    internal static void ExpOfEach(ulong values)
    {
        ulong address = values + (ulong)(((BlockX() * Threads) + Thread()) * 4);
        StoreFloat(address, KernelMath.Exp(LoadFloat(address)));
    }

    [Fact]
    public void Exp_is_within_two_units_in_the_last_place()
    {
        float[] x = [.. Enumerable.Range(0, 64 * Threads).Select(static i => -104f + (i * (192.7f / (64 * Threads))))];
        float[] results = Exp(x);
        for (int i = 0; i < x.Length; i++)
        {
            double expected = Math.Exp(x[i]);
            double unit = MathF.BitIncrement((float)expected) - (float)expected;
            Assert.True(Math.Abs(results[i] - expected) <= 2 * unit, $"exp({x[i]}) = {results[i]}, expected {expected}");
        }
    }

    [Fact]
    public void Exp_of_extreme_values_is_infinity_zero_or_NaN()
    {
        float[] x = new float[Threads];
        float[] first = [float.PositiveInfinity, 1e30f, 89f, float.NegativeInfinity, -1e30f, -105f, float.NaN, 0f, -0f];
        first.CopyTo(x, 0);
        Assert.Equal([float.PositiveInfinity, float.PositiveInfinity, float.PositiveInfinity, 0f, 0f, 0f, float.NaN, 1f, 1f], Exp(x)[..first.Length]);
    }

    private float[] Exp(float[] x)
    {
        ulong values = device.Upload<float>(x);
        KernelArguments arguments = new(stackalloc byte[KernelArguments.MaxBytes]);
        arguments.Add(values);
        new CudaFunction(device.Driver, device.Loader, ExpOfEach).LaunchAsync(new CudaGrid(x.Length / Threads), device.Stream, arguments);
        return device.Download<float>(values, x.Length);
    }
}
