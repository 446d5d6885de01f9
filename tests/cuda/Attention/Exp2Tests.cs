using HunyuanOrleans.Cuda.Compilation;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Kernels;
using Xunit;
using static HunyuanOrleans.Cuda.Compilation.Ptx;

namespace HunyuanOrleans.Cuda.Tests.Attention;

[Collection(nameof(AttentionDevice))]
public sealed class Exp2Tests(AttentionDevice device)
{
    private const int Threads = 256;

    [Kernel(Threads)]
    internal static void Exp2OfEach(ulong values)
    {
        ulong address = values + (ulong)(((BlockX() * Threads) + Thread()) * 4);
        StoreFloat(address, KernelMath.Exp2(LoadFloat(address)));
    }

    [Fact]
    public void It_is_within_two_units_in_the_last_place()
    {
        float[] x = [.. Enumerable.Range(0, 64 * Threads).Select(static i => -125.9f + (i * (252.8f / (64 * Threads))))];
        float[] results = Exp2(x);
        for (int i = 0; i < x.Length; i++)
        {
            double expected = Math.Pow(2, x[i]);
            double unit = MathF.BitIncrement((float)expected) - (float)expected;
            Assert.True(Math.Abs(results[i] - expected) <= 2 * unit, $"2^{x[i]} = {results[i]}, expected {expected}");
        }
    }

    [Fact]
    public void Powers_of_integers_are_exact_and_extreme_values_are_zero_or_NaN()
    {
        float[] x = new float[Threads];
        float[] first = [0f, -0f, 1f, -1f, -126f, 126f, -126.6f, -127f, -1e30f, float.NegativeInfinity, float.NaN];
        first.CopyTo(x, 0);
        Assert.Equal([1f, 1f, 2f, 0.5f, MathF.ScaleB(1, -126), MathF.ScaleB(1, 126), 0f, 0f, 0f, 0f, float.NaN], Exp2(x)[..first.Length]);
    }

    private float[] Exp2(float[] x)
    {
        ulong values = device.Upload<float>(x);
        KernelArguments arguments = new(stackalloc byte[KernelArguments.MaxBytes]);
        arguments.Add(values);
        new CudaFunction(device.Driver, device.Loader, Exp2OfEach).LaunchAsync(new CudaGrid(x.Length / Threads), device.Stream, arguments);
        float[] results = device.Download<float>(values, x.Length);
        device.FreeAll();
        return results;
    }
}
