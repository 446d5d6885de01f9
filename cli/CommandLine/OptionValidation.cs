using System.CommandLine;
using System.Globalization;
using System.Numerics;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>
/// Restricts the values of options. Values are checked during parsing; an error names the option, the value and the allowed values.
/// </summary>
internal static class OptionValidation
{
    // No separators of thousands: they would make 5 of 0,5.
    private const NumberStyles WholeNumber = NumberStyles.AllowLeadingSign;
    private const NumberStyles Decimal = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    /// <summary>Allows the values from <paramref name="least"/> to <paramref name="most"/>.</summary>
    public static Option<T?> InRange<T>(this Option<T?> option, T least, T most)
        where T : struct, INumber<T>
    {
        option.CustomParser = result =>
        {
            string text = result.Tokens[^1].Value;
            // Tests for being inside the range, because every comparison with NaN is false.
            if (T.TryParse(text, IsWhole<T>() ? WholeNumber : Decimal, CultureInfo.InvariantCulture, out T value) && value >= least && value <= most)
            {
                return value;
            }

            string hint = text.Contains(',') && !IsWhole<T>() ? " Decimals are written with a point, such as 0.5." : "";
            result.AddError($"{option.Name} must be {(IsWhole<T>() ? "a whole number" : "a number")} from {least} to {most}, not '{text}'.{hint}");
            return null;
        };
        return option;
    }

    /// <summary>Allows a comma-separated list of values from <paramref name="least"/> to <paramref name="most"/>.</summary>
    public static Option<int[]> ListInRange(this Option<int[]> option, int least, int most)
    {
        option.CustomParser = result =>
        {
            string[] parts = string.Join(',', result.Tokens.Select(t => t.Value)).Split(',', StringSplitOptions.TrimEntries);
            int[] values = new int[parts.Length];
            for (int i = 0; i < parts.Length; i++)
            {
                if (!int.TryParse(parts[i], WholeNumber, CultureInfo.InvariantCulture, out values[i]) || values[i] < least || values[i] > most)
                {
                    result.AddError($"{option.Name} takes whole numbers from {least} to {most} separated by commas, not '{parts[i]}'.");
                    return [];
                }
            }

            return values;
        };
        return option;
    }

    /// <summary>Allows only the given words.</summary>
    public static Option<string> OneOf(this Option<string> option, params string[] words) => option.Where(words.Contains, string.Join(" or ", words));

    /// <summary>Allows only values with a form.</summary>
    /// <param name="option">The option.</param>
    /// <param name="isAllowed">Whether a value has it.</param>
    /// <param name="allowed">Describes it, for the message.</param>
    public static Option<string> Where(this Option<string> option, Func<string, bool> isAllowed, string allowed)
    {
        option.Validators.Add(result =>
        {
            string? value = result.Tokens.Count > 0 ? result.Tokens[^1].Value : null;
            if (value is not null && !isAllowed(value))
            {
                result.AddError($"{option.Name} must be {allowed}, not '{value}'.");
            }
        });
        return option;
    }

    private static bool IsWhole<T>()
        where T : struct, INumber<T> => typeof(T) == typeof(int) || typeof(T) == typeof(long) || typeof(T) == typeof(ulong);
}
