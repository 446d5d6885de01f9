using System.Globalization;
using System.Numerics;
using HunyuanOrleans.Text.Templates.Jinja.Runtime;
using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates.Jinja.Library;

/// <summary>Filters that return numbers. A number parsed from text has the origin of the text.</summary>
internal static class NumberFilters
{
    public static readonly Dictionary<string, Filter> Table = new()
    {
        ["int"] = (_, v, a) => ToInt(v, a.Bind("int", 0, "default", "base")),
        ["float"] = (_, v, a) => ToFloat(v, a.Bind("float", 0, "default")),
        ["abs"] = (_, v, a) => Abs(v, a),
        ["round"] = (_, v, a) => Round(v, a.Bind("round", 0, "precision", "method")),
    };

    private static Value ToInt(Value value, BoundArguments bound)
    {
        UndefinedValue.ThrowIfUndefined(value);
        Value fallback = bound.GetOrDefault(0, new IntValue(0));
        bool fromTemplate = Numbers.IsFromTemplate(value);
        switch (value)
        {
            case FloatValue number:
                return double.IsFinite(number.Number) ? Numbers.Int(new BigInteger(number.Number), fromTemplate) : fallback;
            case StringValue text:
                return Parse(text.Text.Trim(), bound.Int(1) ?? 10) is { } parsed ? Numbers.Int(parsed, fromTemplate) : fallback;
            default:
                return Numbers.TryInt(value, out BigInteger whole) ? Numbers.Int(whole, fromTemplate) : fallback;
        }
    }

    private static BigInteger? Parse(string text, int radix)
    {
        const int MaxDigits = 1000;
        if (radix is < 2 or > 36)
        {
            throw new EvaluationException($"int needs a base from 2 to 36, not {radix}");
        }

        string digits = text.TrimStart('+', '-').ToLowerInvariant().Replace("_", "", StringComparison.Ordinal);
        string prefix = radix switch { 16 => "0x", 8 => "0o", 2 => "0b", _ => "" };
        digits = prefix.Length > 0 && digits.StartsWith(prefix, StringComparison.Ordinal) ? digits[2..] : digits;
        if (digits.Length is > 0 and <= MaxDigits && digits.All(c => Digit(c) < radix))
        {
            BigInteger number = 0;
            foreach (char c in digits)
            {
                number = (number * radix) + Digit(c);
            }

            return text[0] == '-' ? -number : number;
        }

        // As in Jinja2, text that is not an integer may be a float, which is truncated.
        return ParseFloat(text) is { } real && double.IsFinite(real) ? new BigInteger(real) : null;
    }

    private static int Digit(char c) => c is >= '0' and <= '9' ? c - '0' : c is >= 'a' and <= 'z' ? c - 'a' + 10 : int.MaxValue;

    private static double? ParseFloat(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : null;

    private static Value ToFloat(Value value, BoundArguments bound)
    {
        UndefinedValue.ThrowIfUndefined(value);
        bool fromTemplate = Numbers.IsFromTemplate(value);
        return value is StringValue text
            ? ParseFloat(text.Text.Trim()) is { } parsed ? new FloatValue(parsed, fromTemplate) : bound.GetOrDefault(0, new FloatValue(0))
            : Numbers.IsNumeric(value) ? new FloatValue(Numbers.ToDouble(value), fromTemplate)
            : bound.GetOrDefault(0, new FloatValue(0));
    }

    private static Value Abs(Value value, Arguments arguments)
    {
        arguments.Bind("abs", 0);
        UndefinedValue.ThrowIfUndefined(value);
        return Numbers.IsNumeric(value)
            ? Arithmetic.ApplySign(value, negate: Numbers.ToDouble(value) < 0)
            : throw new EvaluationException($"abs needs a number, not {value.TypeName}");
    }

    private static Value Round(Value value, BoundArguments bound)
    {
        UndefinedValue.ThrowIfUndefined(value);
        double number = Numbers.IsNumeric(value)
            ? Numbers.ToDouble(value)
            : throw new EvaluationException($"round needs a number, not {value.TypeName}");
        int precision = Math.Clamp(bound.Int(0) ?? 0, -300, 300);
        string method = bound.Text(1)?.Text ?? "common";
        double scale = Math.Pow(10, precision);
        double rounded = method switch
        {
            "common" => precision is >= 0 and <= 15
                ? Math.Round(number, precision, MidpointRounding.ToEven)
                : Math.Round(number * scale) / scale,
            "ceil" => Math.Ceiling(number * scale) / scale,
            "floor" => Math.Floor(number * scale) / scale,
            _ => throw new EvaluationException($"round knows the methods common, ceil and floor, not '{method}'"),
        };
        return new FloatValue(double.IsFinite(rounded) ? rounded : number, Numbers.IsFromTemplate(value));
    }
}
