using System.Globalization;
using System.Text;

namespace HunyuanOrleans.Server.Metrics;

/// <summary>The rules of Prometheus' text format, version 0.0.4, and of OpenTelemetry names in it.</summary>
internal static class PrometheusFormat
{
    /// <summary>
    /// A metric's name: characters that are not allowed become underscores, and suffixes for the unit and for counters are appended.
    /// </summary>
    public static string Name(string name, string? unit, bool counter)
    {
        string suffix = unit switch
        {
            "s" => "_seconds",
            "ms" => "_milliseconds",
            "By" => "_bytes",
            "1" => "_ratio",
            _ => "",
        };
        string formatted = Sanitize(name, colons: true);
        formatted += formatted.EndsWith(suffix, StringComparison.Ordinal) ? "" : suffix;
        return counter && !formatted.EndsWith("_total", StringComparison.Ordinal) ? formatted + "_total" : formatted;
    }

    /// <summary>Labels without braces, sorted, such as <c>a="1",b="2"</c>.</summary>
    public static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty)
        {
            return "";
        }

        KeyValuePair<string, object?>[] sorted = tags.ToArray();
        Array.Sort(sorted, static (a, b) => string.CompareOrdinal(a.Key, b.Key));
        StringBuilder text = new();
        foreach ((string key, object? value) in sorted)
        {
            text.Append(text.Length > 0 ? "," : "").Append(Sanitize(key, colons: false)).Append("=\"");
            foreach (char c in Convert.ToString(value, CultureInfo.InvariantCulture) ?? "")
            {
                _ = c switch
                {
                    '\\' => text.Append("\\\\"),
                    '"' => text.Append("\\\""),
                    '\n' => text.Append("\\n"),
                    _ => text.Append(c),
                };
            }

            text.Append('"');
        }

        return text.ToString();
    }

    /// <summary>A description, escaped to one line.</summary>
    public static string Help(string help) => help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    /// <summary>A sample's value.</summary>
    public static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    // Names of metrics may contain colons, names of labels may not.
    private static string Sanitize(string name, bool colons) =>
        string.Create(name.Length, (name, colons), static (word, from) =>
        {
            for (int i = 0; i < word.Length; i++)
            {
                char c = from.name[i];
                word[i] = char.IsAsciiLetter(c) || (i > 0 && char.IsAsciiDigit(c)) || (from.colons && c == ':') ? c : '_';
            }
        });
}
