using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HunyuanOrleans.Kernels.Elementwise;

/// <summary>
/// Exponentials and reductions on 16 lanes, whatever the vector width of the machine, so that all machines give the same results. The
/// exponential is the Cephes polynomial of degree 6 on [-ln2/2, ln2/2], accurate to 2 units in the last place.
/// </summary>
internal static class VectorMath
{
    private const float Ln2 = 0.693147180559945f;
    private const float Ln2Upper = 0.693359375f;
    private const float Ln2Lower = -2.12194440e-4f;
    private const float Log2E = 1.44269504088896341f;
    private const float P5 = 1.9875691500e-4f;
    private const float P4 = 1.3981999507e-3f;
    private const float P3 = 8.3334519073e-3f;
    private const float P2 = 4.1665795894e-2f;
    private const float P1 = 1.6666665459e-1f;
    private const float P0 = 5.0000001201e-1f;
    private const float RoundingMagic = 12582912f; // 1.5 * 2^23: adding it rounds to an integer that is left in the low mantissa bits.

    // Without 512-bit instructions, each operation on such a vector would be a call that passes it through memory.
    private static bool Halves => !Vector512.IsHardwareAccelerated && Vector256.IsHardwareAccelerated;

    /// <summary>2^x; 0 below -126. x must be below 127: larger values do not become infinity.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp2(Vector512<float> x)
    {
        if (Halves)
        {
            return Vector512.Create(Exp2(x.GetLower()), Exp2(x.GetUpper()));
        }

        Vector512<float> shifted = x + Vector512.Create(RoundingMagic);
        Vector512<float> r = (x - (shifted - Vector512.Create(RoundingMagic))) * Vector512.Create(Ln2);
        Vector512<float> value = Scale(Polynomial(r), shifted);
        return Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512.Create(-126f)), Vector512<float>.Zero, value);
    }

    /// <inheritdoc cref="Exp2(Vector512{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Exp2(Vector256<float> x)
    {
        Vector256<float> shifted = x + Vector256.Create(RoundingMagic);
        Vector256<float> r = (x - (shifted - Vector256.Create(RoundingMagic))) * Vector256.Create(Ln2);
        Vector256<float> value = Scale(Polynomial(r), shifted);
        return Vector256.AndNot(value, Vector256.LessThan(x, Vector256.Create(-126f)));
    }

    /// <summary>e^x, with x clamped to ±87.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x)
    {
        if (Halves)
        {
            return Vector512.Create(Exp(x.GetLower()), Exp(x.GetUpper()));
        }

        x = Vector512.Min(Vector512.Max(x, Vector512.Create(-87f)), Vector512.Create(87f));
        Vector512<float> shifted = Vector512.FusedMultiplyAdd(x, Vector512.Create(Log2E), Vector512.Create(RoundingMagic));
        Vector512<float> n = shifted - Vector512.Create(RoundingMagic);
        Vector512<float> r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-Ln2Upper), x);
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-Ln2Lower), r);
        return Scale(Polynomial(r), shifted);
    }

    /// <summary>silu(g) * u = g / (1 + e^-g) * u.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> SwiGlu(Vector512<float> gate, Vector512<float> up) => Halves
        ? Vector512.Create(SwiGlu(gate.GetLower(), up.GetLower()), SwiGlu(gate.GetUpper(), up.GetUpper()))
        : gate / (Vector512<float>.One + Exp(-gate)) * up;

    /// <summary>Sum of the 16 lanes, added in a fixed tree order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector512<float> v) => Sum(v.GetLower(), v.GetUpper());

    /// <summary>Sum of the 16 lanes of two halves, added as in <see cref="Sum(Vector512{float})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector256<float> lower, Vector256<float> upper)
    {
        Vector256<float> a = lower + upper;
        Vector128<float> b = a.GetLower() + a.GetUpper();
        return b[0] + b[2] + (b[1] + b[3]);
    }

    /// <summary>Largest of the 16 lanes. If lanes are NaN, the result is any of the lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Max(Vector512<float> v) => Max(Vector256.MaxNative(v.GetLower(), v.GetUpper()));

    /// <summary>Largest of the 8 lanes. If lanes are NaN, the result is any of the lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Max(Vector256<float> a)
    {
        Vector128<float> b = Vector128.MaxNative(a.GetLower(), a.GetUpper());
        b = Vector128.MaxNative(b, Vector128.Shuffle(b, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(b, Vector128.Shuffle(b, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Exp(Vector256<float> x)
    {
        x = Vector256.Min(Vector256.Max(x, Vector256.Create(-87f)), Vector256.Create(87f));
        Vector256<float> shifted = Vector256.FusedMultiplyAdd(x, Vector256.Create(Log2E), Vector256.Create(RoundingMagic));
        Vector256<float> n = shifted - Vector256.Create(RoundingMagic);
        Vector256<float> r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-Ln2Upper), x);
        r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-Ln2Lower), r);
        return Scale(Polynomial(r), shifted);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> SwiGlu(Vector256<float> gate, Vector256<float> up) => gate / (Vector256<float>.One + Exp(-gate)) * up;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Polynomial(Vector512<float> r)
    {
        Vector512<float> p = Vector512.Create(P5);
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(P4));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(P3));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(P2));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(P1));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(P0));
        return Vector512.FusedMultiplyAdd(p, r * r, r + Vector512<float>.One);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Polynomial(Vector256<float> r)
    {
        Vector256<float> p = Vector256.Create(P5);
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(P4));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(P3));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(P2));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(P1));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(P0));
        return Vector256.FusedMultiplyAdd(p, r * r, r + Vector256<float>.One);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Scale(Vector512<float> value, Vector512<float> shifted) =>
        (value.AsInt32() + (shifted.AsInt32() << 23)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Scale(Vector256<float> value, Vector256<float> shifted) =>
        (value.AsInt32() + (shifted.AsInt32() << 23)).AsSingle();
}
