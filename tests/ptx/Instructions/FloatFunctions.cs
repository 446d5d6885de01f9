using System.Numerics;
using System.Runtime.Intrinsics;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>NVIDIA's devices answer every NaN of float arithmetic with the same bits.</summary>
internal static class CanonicalNan
{
    public static readonly float Single = BitConverter.UInt32BitsToSingle(0x7fffffff);

    public static float Of(float value) => float.IsNaN(value) ? Single : value;

    public static Vector256<float> Of(Vector256<float> value) =>
        Vector256.ConditionalSelect(Vector256.Equals(value, value), value, Vector256.Create(0x7fffffffu).AsSingle());
}

internal readonly struct AddFloat : IVectorBinary<float>
{
    public static float Apply(float a, float b) => CanonicalNan.Of(a + b);

    public static Vector256<float> Apply(Vector256<float> a, Vector256<float> b) => CanonicalNan.Of(a + b);
}

internal readonly struct SubtractFloat : IVectorBinary<float>
{
    public static float Apply(float a, float b) => CanonicalNan.Of(a - b);

    public static Vector256<float> Apply(Vector256<float> a, Vector256<float> b) => CanonicalNan.Of(a - b);
}

internal readonly struct MultiplyFloat : IVectorBinary<float>
{
    public static float Apply(float a, float b) => CanonicalNan.Of(a * b);

    public static Vector256<float> Apply(Vector256<float> a, Vector256<float> b) => CanonicalNan.Of(a * b);
}

internal readonly struct DivideFloat : IVectorBinary<float>
{
    public static float Apply(float a, float b) => CanonicalNan.Of(a / b);

    public static Vector256<float> Apply(Vector256<float> a, Vector256<float> b) => CanonicalNan.Of(a / b);
}

internal readonly struct MultiplyAddFloat : IVectorTernary<float>
{
    public static float Apply(float a, float b, float c) => CanonicalNan.Of(MathF.FusedMultiplyAdd(a, b, c));

    public static Vector256<float> Apply(Vector256<float> a, Vector256<float> b, Vector256<float> c) =>
        CanonicalNan.Of(Vector256.FusedMultiplyAdd(a, b, c));
}

/// <summary>The larger number: a NaN loses, and +0 is larger than -0.</summary>
internal readonly struct MaximumFloat : IVectorBinary<float>
{
    public static float Apply(float a, float b) => CanonicalNan.Of(float.MaxNumber(a, b));

    public static Vector256<float> Apply(Vector256<float> a, Vector256<float> b) => CanonicalNan.Of(Vector256.MaxNumber(a, b));
}

/// <summary>The smaller number: a NaN loses, and -0 is smaller than +0.</summary>
internal readonly struct MinimumFloat : IVectorBinary<float>
{
    public static float Apply(float a, float b) => CanonicalNan.Of(float.MinNumber(a, b));

    public static Vector256<float> Apply(Vector256<float> a, Vector256<float> b) => CanonicalNan.Of(Vector256.MinNumber(a, b));
}

internal readonly struct SqrtFloat : IUnary<float>
{
    public static float Apply(float a) => CanonicalNan.Of(MathF.Sqrt(a));
}

internal readonly struct ReciprocalFloat : IUnary<float>
{
    public static float Apply(float a) => CanonicalNan.Of(1 / a);
}

internal readonly struct NegateFloat : IUnary<uint>
{
    public static uint Apply(uint a) => a ^ 0x80000000;
}

internal readonly struct AbsoluteFloat : IUnary<uint>
{
    public static uint Apply(uint a) => a & 0x7fffffff;
}

/// <summary>The sign of the first and the magnitude of the second.</summary>
internal readonly struct CopySignFloat : IBinary<uint>
{
    public static uint Apply(uint a, uint b) => (a & 0x80000000) | (b & 0x7fffffff);
}

internal readonly struct AddDouble : IBinary<double>
{
    public static double Apply(double a, double b) => a + b;
}

internal readonly struct SubtractDouble : IBinary<double>
{
    public static double Apply(double a, double b) => a - b;
}

internal readonly struct MultiplyDouble : IBinary<double>
{
    public static double Apply(double a, double b) => a * b;
}

internal readonly struct DivideDouble : IBinary<double>
{
    public static double Apply(double a, double b) => a / b;
}

internal readonly struct MaximumDouble : IBinary<double>
{
    public static double Apply(double a, double b) => double.MaxNumber(a, b);
}

internal readonly struct MinimumDouble : IBinary<double>
{
    public static double Apply(double a, double b) => double.MinNumber(a, b);
}

internal readonly struct SqrtDouble : IUnary<double>
{
    public static double Apply(double a) => Math.Sqrt(a);
}

internal readonly struct MultiplyAddDouble : IVectorTernary<double>
{
    public static double Apply(double a, double b, double c) => Math.FusedMultiplyAdd(a, b, c);

    public static Vector256<double> Apply(Vector256<double> a, Vector256<double> b, Vector256<double> c) => Vector256.FusedMultiplyAdd(a, b, c);
}
