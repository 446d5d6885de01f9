using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>
/// A vector of one head in the registers of a warp. A lane has elements lane (A) and lane + 32 (B) of the first half, and the elements that rotate with
/// them in the second half (C, D). Elements beyond the half are 0.
/// </summary>
internal static class HeadVector
{
    /// <summary>Loads a vector and adds a bias.</summary>
    /// <param name="vector">Address of the float32 vector.</param>
    /// <param name="bias">Address of its bias, or 0.</param>
    /// <param name="lane">Lane.</param>
    /// <param name="half">Elements of half a head.</param>
    public static Float4 Load(ulong vector, ulong bias, int lane, int half) => new()
    {
        A = Element(vector, bias, lane, lane < half),
        B = Element(vector, bias, lane + 32, lane + 32 < half),
        C = Element(vector, bias, lane + half, lane < half),
        D = Element(vector, bias, lane + half + 32, lane + 32 < half),
    };

    /// <summary>Applies the rotary embedding in its "rotate half" form: element i rotates with element i + half.</summary>
    /// <param name="x">The vector.</param>
    /// <param name="angles">Address of the cosines, which the sines follow.</param>
    /// <param name="lane">Lane.</param>
    /// <param name="half">Elements of half a head.</param>
    public static Float4 Rotate(Float4 x, ulong angles, int lane, int half)
    {
        Float4 angle = Load(angles, 0, lane, half);
        return new Float4
        {
            A = Ptx.Subtract(Ptx.Multiply(x.A, angle.A), Ptx.Multiply(x.C, angle.C)),
            B = Ptx.Subtract(Ptx.Multiply(x.B, angle.B), Ptx.Multiply(x.D, angle.D)),
            C = Ptx.Add(Ptx.Multiply(x.C, angle.A), Ptx.Multiply(x.A, angle.C)),
            D = Ptx.Add(Ptx.Multiply(x.D, angle.B), Ptx.Multiply(x.B, angle.D)),
        };
    }

    /// <summary>1 / sqrt(mean(x²) + eps).</summary>
    public static float NormScale(Float4 x, int half, float eps)
    {
        float sum = Ptx.MultiplyAdd(x.B, x.B, Ptx.Multiply(x.A, x.A));
        sum = Ptx.MultiplyAdd(x.D, x.D, Ptx.MultiplyAdd(x.C, x.C, sum));
        return Ptx.Divide(1f, Ptx.Sqrt(Ptx.Add(Ptx.Divide(BlockSum.OfWarp(sum), Ptx.ToFloat(2 * half)), eps)));
    }

    /// <summary>Multiplies all elements.</summary>
    public static Float4 Scale(Float4 x, float factor) => new()
    {
        A = Ptx.Multiply(x.A, factor),
        B = Ptx.Multiply(x.B, factor),
        C = Ptx.Multiply(x.C, factor),
        D = Ptx.Multiply(x.D, factor),
    };

    /// <summary>Multiplies element by element.</summary>
    public static Float4 Multiply(Float4 x, Float4 y) => new()
    {
        A = Ptx.Multiply(x.A, y.A),
        B = Ptx.Multiply(x.B, y.B),
        C = Ptx.Multiply(x.C, y.C),
        D = Ptx.Multiply(x.D, y.D),
    };

    /// <summary>Bits of the largest magnitude, where NaN is above infinity.</summary>
    public static uint LargestMagnitude(Float4 x)
    {
        uint largest = Larger(Larger(Magnitude(x.A), Magnitude(x.B)), Larger(Magnitude(x.C), Magnitude(x.D)));
        largest = Larger(largest, Ptx.ShuffleXor(largest, 16));
        largest = Larger(largest, Ptx.ShuffleXor(largest, 8));
        largest = Larger(largest, Ptx.ShuffleXor(largest, 4));
        largest = Larger(largest, Ptx.ShuffleXor(largest, 2));
        return Larger(largest, Ptx.ShuffleXor(largest, 1));
    }

    private static float Element(ulong vector, ulong bias, int element, bool exists)
    {
        float x = 0f;
        if (exists)
        {
            x = Ptx.LoadFloat(vector + ((ulong)element * 4));
            if (bias != 0)
            {
                x = Ptx.Add(x, Ptx.LoadFloat(bias + ((ulong)element * 4)));
            }
        }

        return x;
    }

    private static uint Magnitude(float x) => Ptx.BitsOf(x) & 0x7FFFFFFF;

    private static uint Larger(uint a, uint b) => a > b ? a : b;
}
