using System.Numerics;

namespace HunyuanOrleans.Cuda.Tests;

/// <summary>A number with all its bits: mantissa * 2^exponent.</summary>
internal readonly record struct ExactNumber(BigInteger Mantissa, int Exponent) : IComparable<ExactNumber>
{
    public bool IsZero => Mantissa.IsZero;

    public bool IsNegative => Mantissa.Sign < 0;

    public ExactNumber Magnitude => new(BigInteger.Abs(Mantissa), Exponent);

    public static ExactNumber Of(double value)
    {
        long bits = BitConverter.DoubleToInt64Bits(value);
        int exponent = (int)(bits >> 52) & 0x7ff;
        long mantissa = (bits & ((1L << 52) - 1)) | (exponent == 0 ? 0 : 1L << 52);
        return new ExactNumber(bits < 0 ? -mantissa : mantissa, Math.Max(exponent, 1) - 1075);
    }

    public static ExactNumber operator *(ExactNumber a, ExactNumber b) => new(a.Mantissa * b.Mantissa, a.Exponent + b.Exponent);

    public static ExactNumber operator +(ExactNumber a, ExactNumber b)
    {
        int exponent = Math.Min(a.Exponent, b.Exponent);
        return new ExactNumber((a.Mantissa << (a.Exponent - exponent)) + (b.Mantissa << (b.Exponent - exponent)), exponent);
    }

    public int CompareTo(ExactNumber other) => (this + new ExactNumber(-other.Mantissa, other.Exponent)).Mantissa.Sign;
}
