namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Formats of 16 and 8 bits. Rounding is to the nearest, ties to even, and happens once.</summary>
internal static class NarrowFloats
{
    /// <summary>The value of a float16.</summary>
    public static double FromHalf(ushort bits) => (double)BitConverter.UInt16BitsToHalf(bits);

    /// <summary>Rounds to float16.</summary>
    public static ushort ToHalf(double value) => double.IsNaN(value) ? (ushort)0x7fff : BitConverter.HalfToUInt16Bits((Half)value);

    /// <summary>The value of a bf16.</summary>
    public static double FromBfloat(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>Rounds to bf16.</summary>
    public static ushort ToBfloat(double value)
    {
        if (double.IsNaN(value))
        {
            return 0x7fff;
        }

        // Rounding to float32 first must not decide a tie: if it is not exact, its last bit becomes 1.
        float single = (float)value;
        uint bits = BitConverter.SingleToUInt32Bits(single);
        if (single != value)
        {
            bits = (Math.Abs((double)single) > Math.Abs(value) ? bits - 1 : bits) | 1;
        }

        return (ushort)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
    }

    /// <summary>a * b + c, so near that rounding it to 16 bits is the same as rounding the exact value.</summary>
    public static double MultiplyAdd(double a, double b, double c)
    {
        double product = a * b;
        double sum = product + c;
        double part = sum - product;
        double error = (product - (sum - part)) + (c - part);
        if (error == 0 || !double.IsFinite(sum))
        {
            return sum;
        }

        // The sum is not exact: its last bit becomes 1, so that it cannot look like a tie.
        ulong bits = BitConverter.DoubleToUInt64Bits(sum);
        bits = ((error < 0) == (sum < 0) ? bits : bits - 1) | 1;
        return BitConverter.UInt64BitsToDouble(bits);
    }

    /// <summary>The value of an e4m3: four bits of exponent, no infinities.</summary>
    public static double FromE4m3(byte bits)
    {
        int exponent = bits >> 3 & 15;
        int mantissa = bits & 7;
        double magnitude = (bits & 0x7f) == 0x7f ? double.NaN
            : exponent == 0 ? Math.ScaleB(mantissa, -9)
            : Math.ScaleB(8 + mantissa, exponent - 10);
        return (bits & 0x80) != 0 ? -magnitude : magnitude;
    }

    /// <summary>Rounds to e4m3; what is too large becomes the largest value.</summary>
    public static byte ToE4m3(double value) => ToByte(value, 3, -6, 0x7e);

    /// <summary>The value of an e5m2, which is the upper byte of a float16.</summary>
    public static double FromE5m2(byte bits) => FromHalf((ushort)(bits << 8));

    /// <summary>Rounds to e5m2; what is too large becomes the largest value.</summary>
    public static byte ToE5m2(double value) => ToByte(value, 2, -14, 0x7b);

    private static byte ToByte(double value, int mantissaBits, int smallestExponent, int largest)
    {
        if (double.IsNaN(value))
        {
            return 0x7f;
        }

        int sign = double.IsNegative(value) ? 0x80 : 0;
        double magnitude = Math.Min(Math.Abs(value), 1e6);
        int exponent = Math.Max(magnitude == 0 ? smallestExponent : Math.ILogB(magnitude), smallestExponent);
        int steps = (int)Math.Round(Math.ScaleB(magnitude, mantissaBits - exponent), MidpointRounding.ToEven);
        return (byte)(sign | Math.Min(((exponent - smallestExponent) << mantissaBits) + steps, largest));
    }
}
