using System.Globalization;

namespace HunyuanOrleans.Engine.Placement;

/// <summary>Parses amounts of memory: a number with a decimal (GB) or binary (GiB) unit, or plain bytes.</summary>
public static class MemorySize
{
    /// <summary>Examples for error messages.</summary>
    public const string Examples = "80GB, 74.5GiB or 512MB";

    private const double MaxBytes = 1L << 56;

    private static readonly (string Suffix, double Bytes)[] Suffixes =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40),
        ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12), ("B", 1),
    ];

    /// <summary>Parses an amount to bytes; null if the text is not an amount from one byte to 2^56 bytes.</summary>
    /// <param name="text">The amount; the case of units does not matter.</param>
    public static long? Parse(string text)
    {
        (string suffix, double unit) = Array.Find(Suffixes, s => text.EndsWith(s.Suffix, StringComparison.OrdinalIgnoreCase));
        string number = text[..^(suffix?.Length ?? 0)].TrimEnd();
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)
            && value * (suffix is null ? 1 : unit) is >= 1 and <= MaxBytes and double bytes
            ? (long)bytes
            : null;
    }
}
