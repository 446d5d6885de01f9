using System.CommandLine;
using System.Globalization;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>Amounts of memory on the command line: a number with a decimal (GB) or binary (GiB) unit, or plain bytes.</summary>
internal static class ByteSize
{
    private const double Most = 1L << 56;

    private static readonly (string Suffix, double Bytes)[] Suffixes =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40),
        ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12), ("B", 1),
    ];

    /// <summary>An option that takes an amount of at least one byte.</summary>
    public static Option<long?> Option(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "SIZE",
        CustomParser = result =>
        {
            string text = result.Tokens[^1].Value;
            if (Parse(text) is long bytes)
            {
                return bytes;
            }

            result.AddError($"{name} must be an amount such as 80GB, 74.5GiB or 512MB, not '{text}'.");
            return null;
        },
    };

    private static long? Parse(string text)
    {
        (string suffix, double unit) = Array.Find(Suffixes, s => text.EndsWith(s.Suffix, StringComparison.OrdinalIgnoreCase));
        string number = text[..^(suffix?.Length ?? 0)].TrimEnd();
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)
            && value * (suffix is null ? 1 : unit) is >= 1 and <= Most and double bytes
            ? (long)bytes
            : null;
    }
}
