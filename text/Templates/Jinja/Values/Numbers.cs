using System.Globalization;
using System.Numerics;

namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>Arithmetic helpers with Python's rules: integers of any size up to <see cref="MaxBits"/>, floats, and booleans as 0 and 1.</summary>
internal static class Numbers
{
    /// <summary>The most bits an integer may have. The bound keeps every single operation fast.</summary>
    private const int MaxBits = 4096;

    public static bool IsNumeric(Value value) => value is IntValue or FloatValue or BoolValue;

    /// <summary>Whether a number, or the whole of a string, comes from the template. Other values count as the template's.</summary>
    public static bool IsFromTemplate(Value value) => value switch
    {
        IntValue number => number.FromTemplate,
        FloatValue number => number.FromTemplate,
        StringValue text => text.OriginText.Length == 0 || (text.OriginText.FromTemplateAt(0) && text.OriginText.RunEnd(0) == text.OriginText.Length),
        _ => true,
    };

    public static bool TryInt(Value value, out BigInteger number)
    {
        number = value switch { IntValue i => i.Number, BoolValue b => b.IsTrue ? 1 : 0, _ => 0 };
        return value is IntValue or BoolValue;
    }

    public static double ToDouble(Value value) => value switch
    {
        FloatValue number => number.Number,
        _ when TryInt(value, out BigInteger number) => (double)number,
        _ => throw new EvaluationException($"expected a number, found {value.TypeName}"),
    };

    /// <summary>The order of two numbers; null if one of them is NaN.</summary>
    public static int? Compare(Value a, Value b)
    {
        if (TryInt(a, out BigInteger x) && TryInt(b, out BigInteger y))
        {
            return x.CompareTo(y);
        }

        double p = ToDouble(a);
        double q = ToDouble(b);
        return double.IsNaN(p) || double.IsNaN(q) ? null : p.CompareTo(q);
    }

    public static IntValue Int(BigInteger number, bool fromTemplate = true) => number.GetBitLength() > MaxBits
        ? throw new EvaluationException($"an integer grows past {MaxBits} bits")
        : new IntValue(number, fromTemplate);

    public static BigInteger FloorDivide(BigInteger a, BigInteger b)
    {
        BigInteger quotient = BigInteger.DivRem(a, b, out BigInteger rest);
        return !rest.IsZero && (rest.Sign < 0) != (b.Sign < 0) ? quotient - 1 : quotient;
    }

    public static BigInteger Modulo(BigInteger a, BigInteger b) => a - (FloorDivide(a, b) * b);

    public static double Modulo(double a, double b)
    {
        double rest = a % b;
        return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
    }

    public static Value Power(Value a, Value b, bool fromTemplate)
    {
        if (TryInt(a, out BigInteger x) && TryInt(b, out BigInteger y) && y.Sign >= 0)
        {
            if (x.GetBitLength() <= 1)
            {
                return Int(y.IsZero ? 1 : x.Sign < 0 && y.IsEven ? 1 : x, fromTemplate);
            }

            return y > MaxBits || x.GetBitLength() * (double)y > MaxBits * 2.0
                ? throw new EvaluationException($"an integer grows past {MaxBits} bits")
                : Int(BigInteger.Pow(x, (int)y), fromTemplate);
        }

        double power = Math.Pow(ToDouble(a), ToDouble(b));
        return double.IsInfinity(power) || double.IsNaN(power)
            ? throw new EvaluationException("the result of '**' is not a finite number")
            : new FloatValue(power, fromTemplate);
    }

    /// <summary>A float as Python's repr writes it: with the fewest digits that identify it, and with an exponent from 1e16 on and below 1e-4.</summary>
    public static string Repr(double value)
    {
        if (double.IsNaN(value))
        {
            return "nan";
        }

        if (double.IsInfinity(value))
        {
            return value > 0 ? "inf" : "-inf";
        }

        if (value == 0)
        {
            return double.IsNegative(value) ? "-0.0" : "0.0";
        }

        string shortest = value.ToString("R", CultureInfo.InvariantCulture);
        string digits = Digits(shortest, out int exponent);
        string sign = value < 0 ? "-" : "";
        if (exponent is < -4 or >= 16)
        {
            string fraction = digits.Length > 1 ? "." + digits[1..] : "";
            return $"{sign}{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }

        if (exponent < 0)
        {
            return sign + "0." + new string('0', -exponent - 1) + digits;
        }

        return exponent + 1 >= digits.Length
            ? sign + digits.PadRight(exponent + 1, '0') + ".0"
            : sign + digits[..(exponent + 1)] + "." + digits[(exponent + 1)..];
    }

    /// <summary>The significant digits of a number formatted by .NET, and the power of ten of the first digit.</summary>
    private static string Digits(string text, out int exponent)
    {
        int e = text.IndexOf('E', StringComparison.Ordinal);
        int shift = e < 0 ? 0 : int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        string mantissa = (e < 0 ? text : text[..e]).TrimStart('-');
        int dot = mantissa.IndexOf('.', StringComparison.Ordinal);
        int whole = dot < 0 ? mantissa.Length : dot;
        string all = mantissa.Replace(".", "", StringComparison.Ordinal);
        string trimmed = all.TrimStart('0');
        exponent = shift + whole - 1 - (all.Length - trimmed.Length);
        string digits = trimmed.TrimEnd('0');
        return digits.Length == 0 ? "0" : digits;
    }
}
