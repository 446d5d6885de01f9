using System.Numerics;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>
/// Limits of numbers that a schema leaves open, so that every JSON reader takes them and no number goes on forever. Bounds in a schema
/// that lie further out extend them.
/// </summary>
/// <param name="LargestInteger">The largest magnitude of integers.</param>
/// <param name="WholeDigits">The most digits in front of the decimal point.</param>
/// <param name="FractionDigits">The most digits behind the decimal point.</param>
/// <param name="ExponentDigits">The most digits of an exponent.</param>
internal sealed record NumberLimits(ExactDecimal LargestInteger, int WholeDigits, int FractionDigits, int ExponentDigits)
{
    /// <summary>
    /// Integers that a 64-bit float holds exactly; 17 digits behind the point, as many as distinguish such floats; and exponents that
    /// cannot overflow one.
    /// </summary>
    public static NumberLimits Float64 { get; } = new(new ExactDecimal((BigInteger.One << 53) - 1, 0), 16, 17, 2);
}
