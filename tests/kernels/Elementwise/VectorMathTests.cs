using System.Runtime.Intrinsics;
using HunyuanOrleans.Kernels.Elementwise;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Elementwise;

/// <summary>Exponentials are within 2 units in the last place of float64, and their ranges end as documented.</summary>
public sealed class VectorMathTests
{
    // Odd, so that all mantissa bits vary.
    private const uint BitStep = 2999;

    [Fact]
    public void ExpWithinTwoUlps() => AssertUlps(x => VectorMath.Exp(x), Math.Exp, 87f, 87f);

    [Fact]
    public void Exp2WithinTwoUlps() => AssertUlps(x => VectorMath.Exp2(x), x => Math.Pow(2, x), 126f, 126.9f);

    [Fact]
    public void RangesEndAsDocumented()
    {
        foreach (float x in new[] { -126.00001f, -127f, -1000f, -1e30f, float.MinValue, float.NegativeInfinity })
        {
            Assert.Equal(0f, VectorMath.Exp2(Vector512.Create(x))[3]);
        }

        Assert.Equal(MathF.Pow(2, -126), VectorMath.Exp2(Vector512.Create(-126f))[0]);
        Assert.Equal(1f, VectorMath.Exp2(Vector512.Create(0f))[7]);
        Assert.Equal(1f, VectorMath.Exp(Vector512.Create(-0f))[7]);
        foreach (float x in new[] { 88f, 1000f, float.MaxValue, float.PositiveInfinity })
        {
            Assert.Equal(VectorMath.Exp(Vector512.Create(87f))[0], VectorMath.Exp(Vector512.Create(x))[0]);
            Assert.Equal(VectorMath.Exp(Vector512.Create(-87f))[0], VectorMath.Exp(Vector512.Create(-x))[0]);
        }

        // NaN from a broken weight must not turn into a number.
        Assert.True(float.IsNaN(VectorMath.Exp(Vector512.Create(float.NaN))[0]));
        Assert.True(float.IsNaN(VectorMath.Exp2(Vector512.Create(float.NaN))[0]));
        Assert.True(float.IsNaN(VectorMath.SwiGlu(Vector512.Create(float.NaN), Vector512.Create(1f))[0]));
        Assert.True(float.IsNaN(VectorMath.SwiGlu(Vector512.Create(1f), Vector512.Create(float.NaN))[0]));
    }

    [Fact]
    public void SumAndMaxIncludeEveryLane()
    {
        for (int lane = 0; lane < 16; lane++)
        {
            Vector512<float> one = Vector512.Create(-1f).WithElement(lane, 100f);
            Assert.Equal(85f, VectorMath.Sum(one));
            Assert.Equal(100f, VectorMath.Max(one));
        }
    }

    private static void AssertUlps(Func<Vector512<float>, Vector512<float>> function, Func<double, double> exact, float below, float above)
    {
        double worst = 0;
        for (uint bits = 0; bits < BitConverter.SingleToUInt32Bits(Math.Max(below, above)); bits += BitStep)
        {
            float magnitude = BitConverter.UInt32BitsToSingle(bits);
            Vector512<float> values = function(Vector512.Create(Math.Min(magnitude, above)).WithElement(9, -Math.Min(magnitude, below)));
            worst = Math.Max(worst, Ulps(values[0], exact(Math.Min(magnitude, above))));
            worst = Math.Max(worst, Ulps(values[9], exact(-Math.Min(magnitude, below))));
        }

        Assert.InRange(worst, 0.4, 2);
    }

    private static double Ulps(float actual, double expected) => Math.Abs(actual - expected) / Math.Pow(2, Math.Max(Math.ILogB(expected), -126) - 23);
}
