using System.Globalization;
using System.Numerics;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>An exact decimal number, <c>Units / 10^Places</c>, with the fewest possible decimal places.</summary>
internal readonly record struct ExactDecimal : IComparable<ExactDecimal>
{
    /// <summary>Maximum number of digits before and after the decimal point together.</summary>
    public const int MaxDigits = 400;

    /// <summary>Creates the number and removes trailing zeros of the fraction.</summary>
    public ExactDecimal(BigInteger units, int places)
    {
        while (places > 0 && units % 10 == 0)
        {
            units /= 10;
            places--;
        }

        (Units, Places) = (units, places);
    }

    public BigInteger Units { get; }

    public int Places { get; }

    /// <summary>Parses a JSON number. Returns false if it has more than <see cref="MaxDigits"/> digits.</summary>
    public static bool TryParse(string text, out ExactDecimal number)
    {
        number = default;
        int e = text.AsSpan().IndexOfAny('e', 'E');
        int exponent = 0;
        if (e >= 0 && !int.TryParse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent))
        {
            return false;
        }

        ReadOnlySpan<char> mantissa = e < 0 ? text : text.AsSpan(0, e);
        int point = mantissa.IndexOf('.');
        string digits = point < 0 ? mantissa.ToString() : string.Concat(mantissa[..point], mantissa[(point + 1)..]);
        long places = (point < 0 ? 0 : mantissa.Length - point - 1) - (long)exponent;
        if (digits.Length > MaxDigits || Math.Abs(places) > MaxDigits
            || !BigInteger.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out BigInteger units))
        {
            return false;
        }

        number = places < 0 ? new ExactDecimal(units * BigInteger.Pow(10, (int)-places), 0) : new ExactDecimal(units, (int)places);
        return true;
    }

    /// <summary>
    /// Returns the digits before and after the decimal point, without sign. The whole part has no leading zeros unless it is 0; the
    /// fraction has no trailing zeros.
    /// </summary>
    public (string Whole, string Fraction) Digits()
    {
        string digits = BigInteger.Abs(Units).ToString(CultureInfo.InvariantCulture).PadLeft(Places + 1, '0');
        return (digits[..^Places], digits[^Places..]);
    }

    public ExactDecimal Negated() => new(-Units, Places);

    public int CompareTo(ExactDecimal other)
    {
        int places = Math.Max(Places, other.Places);
        return (Units * BigInteger.Pow(10, places - Places)).CompareTo(other.Units * BigInteger.Pow(10, places - other.Places));
    }
}
