using System.Globalization;
using System.Text;

namespace HunyuanOrleans.Text.Templates.Jinja.Library;

/// <summary>strftime with English names, whatever the machine's language. A directive it does not know stays as it is written.</summary>
internal static class TimeFormat
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
        string Net(string format) => time.ToString(format, CultureInfo.InvariantCulture);
        return directive switch
        {
            'Y' => Net("yyyy"),
            'y' => Net("yy"),
            'm' => Net("MM"),
            'd' => Net("dd"),
            'e' => time.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
            'H' => Net("HH"),
            'I' => Net("hh"),
            'M' => Net("mm"),
            'S' => Net("ss"),
            'f' => Net("ffffff"),
            'p' => Net("tt"),
            'A' => Net("dddd"),
            'a' => Net("ddd"),
            'B' => Net("MMMM"),
            'b' or 'h' => Net("MMM"),
            'j' => time.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
            'w' => ((int)time.DayOfWeek).ToString(CultureInfo.InvariantCulture),
            'u' => (time.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)time.DayOfWeek).ToString(CultureInfo.InvariantCulture),
            'F' => Net("yyyy-MM-dd"),
            'T' => Net("HH:mm:ss"),
            'R' => Net("HH:mm"),
            'D' or 'x' => Net("MM/dd/yy"),
            'X' => Net("HH:mm:ss"),
            'c' => Net("ddd MMM ") + time.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2) + Net(" HH:mm:ss yyyy"),
            's' => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            'z' or 'Z' => "",
            'n' => "\n",
            't' => "\t",
            '%' => "%",
            _ => null,
        };
    }
}
