using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>Functions of float32 in kernels. They use rounded arithmetic only, so that every device gives the same bits.</summary>
internal static class KernelMath
{
    // 1.5 * 2^23: adding it rounds to an integer that is left in the low bits.
    private const float RoundingMagic = 12582912f;

    /// <summary>
    /// e^x, accurate to 2 units in the last place: the Cephes polynomial of degree 6 on [-ln2/2, ln2/2]. It is infinity above 88.73 and 0 below -104;
    /// results below 2^-126 are subnormal. NaN stays NaN.
    /// </summary>
    public static float Exp(float x)
    {
        int n = Ptx.Round(Ptx.Multiply(x, 1.44269504088896341f));
        float whole = Ptx.ToFloat(n);
        float r = Ptx.MultiplyAdd(whole, -0.693359375f, x);
        float p = Polynomial(Ptx.MultiplyAdd(whole, 2.12194440e-4f, r));

        // 2^n in two factors, because 2^128 and 2^-127 are not normal numbers. Only the second product can be rounded.
        int half = n >> 1;
        float value = Ptx.Multiply(Ptx.Multiply(p, PowerOfTwo(half)), PowerOfTwo(n - half));
        value = x > 89f ? float.PositiveInfinity : value;
        return x < -104f ? 0f : value;
    }

    /// <summary>2^x for x up to 127, accurate to 2 units in the last place; 0 below -126.5. NaN stays NaN.</summary>
    public static float Exp2(float x)
    {
        // PowerOfTwo(-127) is 0.
        x = x < -127f ? -127f : x;
        float shifted = Ptx.Add(x, RoundingMagic);
        float r = Ptx.Multiply(Ptx.Subtract(x, Ptx.Subtract(shifted, RoundingMagic)), 0.693147180559945f);
        return Ptx.Multiply(Polynomial(r), PowerOfTwo((int)Ptx.BitsOf(shifted)));
    }

    /// <summary>silu(gate) * up = gate / (1 + e^-gate) * up.</summary>
    public static float SwiGlu(float gate, float up) =>
        Ptx.Multiply(Ptx.Divide(gate, Ptx.Add(1f, Exp(Ptx.Subtract(0f, gate)))), up);

    // e^r on [-ln2/2, ln2/2].
    private static float Polynomial(float r)
    {
        float p = Ptx.MultiplyAdd(1.9875691500e-4f, r, 1.3981999507e-3f);
        p = Ptx.MultiplyAdd(p, r, 8.3334519073e-3f);
        p = Ptx.MultiplyAdd(p, r, 4.1665795894e-2f);
        p = Ptx.MultiplyAdd(p, r, 1.6666665459e-1f);
        p = Ptx.MultiplyAdd(p, r, 5.0000001201e-1f);
        return Ptx.MultiplyAdd(p, Ptx.Multiply(r, r), Ptx.Add(r, 1f));
    }

    private static float PowerOfTwo(int exponent) => Ptx.FromBits((uint)(exponent + 127) << 23);
}
