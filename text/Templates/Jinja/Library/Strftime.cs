using System.Globalization;
using System.Text;

namespace HunyuanOrleans.Text.Templates.Jinja.Library;

/// <summary>Formats times as strftime does, with English names on every machine. Unknown directives are copied unchanged.</summary>
internal static class Strftime
{
    public static string Format(DateTimeOffset time, string format)
    {
        StringBuilder text = new();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }

            bool unpadded = format[i + 1] == '-' && i + 2 < format.Length;
            i += unpadded ? 2 : 1;
            string? value = Directive(time, format[i]);
            text.Append(value is null ? (unpadded ? "%-" : "%") + format[i]
                : unpadded && value.Length > 1 ? value.TrimStart('0').PadLeft(1, '0') : value);
        }

        return text.ToString();
    }

    private static string? Directive(DateTimeOffset time, char directive)
    {
        string Formatted(string format) => time.ToString(format, CultureInfo.InvariantCulture);
        return directive switch
        {
            'Y' => Formatted("yyyy"),
            'y' => Formatted("yy"),
            'm' => Formatted("MM"),
            'd' => Formatted("dd"),
            'e' => time.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
            'H' => Formatted("HH"),
            'I' => Formatted("hh"),
            'M' => Formatted("mm"),
            'S' => Formatted("ss"),
            'f' => Formatted("ffffff"),
            'p' => Formatted("tt"),
            'A' => Formatted("dddd"),
            'a' => Formatted("ddd"),
            'B' => Formatted("MMMM"),
            'b' or 'h' => Formatted("MMM"),
            'j' => time.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
            'w' => ((int)time.DayOfWeek).ToString(CultureInfo.InvariantCulture),
            'u' => (time.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)time.DayOfWeek).ToString(CultureInfo.InvariantCulture),
            'F' => Formatted("yyyy-MM-dd"),
            'T' => Formatted("HH:mm:ss"),
            'R' => Formatted("HH:mm"),
            'D' or 'x' => Formatted("MM/dd/yy"),
            'X' => Formatted("HH:mm:ss"),
            'c' => Formatted("ddd MMM ") + time.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2) + Formatted(" HH:mm:ss yyyy"),
            's' => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            'z' or 'Z' => "",
            'n' => "\n",
            't' => "\t",
            '%' => "%",
            _ => null,
        };
    }
}
