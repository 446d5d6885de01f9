namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>
/// The formats of strings, as regular expressions for the whole text. Lengths of host names and their labels are not bounded: each
/// character counted would be a state with a mask of its own.
/// </summary>
internal static class StringFormats
{
    private const string Year = "(?:000[1-9]|00[1-9]\\d|0[1-9]\\d\\d|[1-9]\\d{3})";

    /// <summary>Years with a 29th of February, 0000 excepted.</summary>
    private const string LeapYear = "(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)";

    private const string Date =
        $"(?:{Year}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))|{LeapYear}-02-29)";

    private const string Time = "(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,7})?(?:Z|[+-](?:0\\d|1[0-3]):[0-5]\\d)";

    private const string Byte = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";

    private const string Label = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";

    private const string Host = $"{Label}(?:\\.{Label})*";

    private const string Atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";

    private const string Group = "[0-9A-Fa-f]{1,4}";

    private const string N = "\\d{1,9}";

    private const string Clock = $"T(?:{N}H(?:{N}M)?(?:{N}S)?|{N}M(?:{N}S)?|{N}S)";

    private static readonly Dictionary<string, string> Patterns = new()
    {
        ["date"] = Date,
        ["time"] = Time,
        ["date-time"] = $"{Date}T{Time}",
        ["duration"] = $"P(?:{N}W|{N}Y(?:{N}M)?(?:{N}D)?(?:{Clock})?|{N}M(?:{N}D)?(?:{Clock})?|{N}D(?:{Clock})?|{Clock})",
        ["uuid"] = "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",
        ["email"] = $"{Atom}(?:\\.{Atom})*@{Host}",
        ["hostname"] = Host,
        ["ipv4"] = $"{Byte}(?:\\.{Byte}){{3}}",
        ["ipv6"] = $"(?:{Group}:){{7}}{Group}|:(?::{Group}){{1,7}}|"
            + string.Join('|', Enumerable.Range(1, 6).Select(static n => $"(?:{Group}:){{{n}}}(?::{Group}){{1,{7 - n}}}"))
            + $"|(?:{Group}:){{1,7}}:|::",
        ["uri"] = "[A-Za-z][A-Za-z0-9+.-]{0,30}:(?://)?(?:[A-Za-z0-9._~:/?#@!$&'()*+,;=-]|\\[|\\]|%[0-9A-Fa-f]{2})+",
    };

    /// <summary>The names there are.</summary>
    public static string Names { get; } = string.Join(", ", Patterns.Keys.Order(StringComparer.Ordinal));

    /// <summary>The pattern of a format; null where there is none of that name.</summary>
    public static string? PatternOf(string name) => Patterns.GetValueOrDefault(name);
}
