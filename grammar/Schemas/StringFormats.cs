using System.Text.Json;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>
/// The supported string formats as regular expressions that match the whole text. The lengths of host names and their labels are not
/// limited, because each counted character would be a state with its own mask.
/// </summary>
internal static class StringFormats
{
    private const string Year = "(?:000[1-9]|00[1-9]\\d|0[1-9]\\d\\d|[1-9]\\d{3})";

    /// <summary>Leap years except 0000.</summary>
    private const string LeapYear = "(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)";

    private const string Date =
        $"(?:{Year}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))|{LeapYear}-02-29)";

    private const string Time = "(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,7})?(?:Z|[+-](?:0\\d|1[0-3]):[0-5]\\d)";

    private const string Byte = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";

    private const string HostLabel = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";

    private const string Host = $"{HostLabel}(?:\\.{HostLabel})*";

    private const string EmailAtom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";

    private const string HexGroup = "[0-9A-Fa-f]{1,4}";

    private const string Number = "\\d{1,9}";

    private const string DurationTime = $"T(?:{Number}H(?:{Number}M)?(?:{Number}S)?|{Number}M(?:{Number}S)?|{Number}S)";

    private static readonly Dictionary<string, string> Patterns = new()
    {
        ["date"] = Date,
        ["time"] = Time,
        ["date-time"] = $"{Date}T{Time}",
        ["duration"] = $"P(?:{Number}W|{Number}Y(?:{Number}M)?(?:{Number}D)?(?:{DurationTime})?|{Number}M(?:{Number}D)?(?:{DurationTime})?|{Number}D(?:{DurationTime})?|{DurationTime})",
        ["uuid"] = "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",
        ["email"] = $"{EmailAtom}(?:\\.{EmailAtom})*@{Host}",
        ["hostname"] = Host,
        ["ipv4"] = $"{Byte}(?:\\.{Byte}){{3}}",
        ["ipv6"] = $"(?:{HexGroup}:){{7}}{HexGroup}|:(?::{HexGroup}){{1,7}}|"
            + string.Join('|', Enumerable.Range(1, 6).Select(static n => $"(?:{HexGroup}:){{{n}}}(?::{HexGroup}){{1,{7 - n}}}"))
            + $"|(?:{HexGroup}:){{1,7}}:|::",
        ["uri"] = "[A-Za-z][A-Za-z0-9+.-]{0,30}:(?://)?(?:[A-Za-z0-9._~:/?#@!$&'()*+,;=-]|\\[|\\]|%[0-9A-Fa-f]{2})+",
    };

    /// <summary>Returns the pattern of a schema's format, or null if it has no known one.</summary>
    public static string? PatternOf(SchemaReader schema)
        => schema.Get("format") is { } format && format.GetValueKind() == JsonValueKind.String ? PatternOf(format.GetValue<string>()) : null;

    /// <summary>Returns the pattern of a format, or null if the format is not known.</summary>
    public static string? PatternOf(string name) => Patterns.GetValueOrDefault(name);
}
