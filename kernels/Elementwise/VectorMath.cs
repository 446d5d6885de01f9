using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HunyuanOrleans.Kernels.Elementwise;

/// <summary>
/// Exponentials and reductions on 16 lanes, whatever the vector width of the machine, so that all machines give the same results. The
/// exponential is the Cephes polynomial of degree 6 on [-ln2/2, ln2/2], accurate to 2 units in the last place.
/// </summary>
internal static class VectorMath
{
    private const float RoundingMagic = 12582912f; // 1.5 * 2^23: adding it rounds to an integer that is left in the low mantissa bits.

    /// <summary>2^x; 0 below -126. x must be below 127: larger values do not become infinity.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp2(Vector512<float> x)
    {
        Vector512<float> shifted = x + Vector512.Create(RoundingMagic);
        Vector512<float> r = (x - (shifted - Vector512.Create(RoundingMagic))) * Vector512.Create(0.693147180559945f);
        Vector512<float> value = Scale(Polynomial(r), shifted);
        return Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512.Create(-126f)), Vector512<float>.Zero, value);
    }

    /// <summary>e^x, with x clamped to ±87.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x)
    {
        x = Vector512.Min(Vector512.Max(x, Vector512.Create(-87f)), Vector512.Create(87f));
        Vector512<float> shifted = Vector512.FusedMultiplyAdd(x, Vector512.Create(1.44269504088896341f), Vector512.Create(RoundingMagic));
        Vector512<float> n = shifted - Vector512.Create(RoundingMagic);
        Vector512<float> r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-0.693359375f), x);
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(2.12194440e-4f), r);
        return Scale(Polynomial(r), shifted);
    }

    /// <summary>silu(g) * u = g / (1 + e^-g) * u.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> SwiGlu(Vector512<float> gate, Vector512<float> up) =>
        gate / (Vector512<float>.One + Exp(-gate)) * up;

    /// <summary>Sum of the 16 lanes, added in a fixed tree order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector512<float> v)
    {
        Vector256<float> a = v.GetLower() + v.GetUpper();
        Vector128<float> b = a.GetLower() + a.GetUpper();
        return b[0] + b[2] + (b[1] + b[3]);
    }

    /// <summary>Largest of the 16 lanes. If lanes are NaN, the result is any of the lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Max(Vector512<float> v)
    {
        Vector256<float> a = Vector256.MaxNative(v.GetLower(), v.GetUpper());
        Vector128<float> b = Vector128.MaxNative(a.GetLower(), a.GetUpper());
        b = Vector128.MaxNative(b, Vector128.Shuffle(b, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(b, Vector128.Shuffle(b, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Polynomial(Vector512<float> r)
    {
        Vector512<float> p = Vector512.Create(1.9875691500e-4f);
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.3981999507e-3f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(8.3334519073e-3f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(4.1665795894e-2f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.6666665459e-1f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(5.0000001201e-1f));
        return Vector512.FusedMultiplyAdd(p, r * r, r + Vector512<float>.One);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Scale(Vector512<float> value, Vector512<float> shifted) =>
        (value.AsInt32() + (shifted.AsInt32() << 23)).AsSingle();
}
