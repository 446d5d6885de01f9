using System.Globalization;

namespace HunyuanOrleans.Contracts.Requests;

/// <summary>Formats numbers for error messages without exponents.</summary>
internal static class PlainNumber
{
    // Decimal places that are worth reading. A smaller number is described by its bounds.
    private const double Smallest = 1e-9;

    // Above this, digits would be most of the message.
    private const double Largest = 1e15;

    /// <summary>Formats a value. Values other than floating-point numbers keep their usual format.</summary>
    public static string Format(object? value) => value switch
    {
        float number => float.IsFinite(number) && IsPlain(number) ? number.ToString("0.#########", CultureInfo.InvariantCulture) : Format((double)number),
        double number => Format(number),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    /// <summary>Formats a number.</summary>
    public static string Format(double number) => number switch
    {
        _ when double.IsNaN(number) => "NaN",
        _ when IsPlain(number) => number.ToString("0.#########", CultureInfo.InvariantCulture),
        > 0 and < Smallest => "less than 0.000000001",
        < 0 and > -Smallest => "just below 0",
        > 0 => "more than 1000000000000000",
        _ => "less than -1000000000000000",
    };

    private static bool IsPlain(double number) => number == 0 || Math.Abs(number) is >= Smallest and <= Largest;
}
