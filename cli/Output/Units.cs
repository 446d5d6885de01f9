namespace HunyuanOrleans.Cli.Output;

/// <summary>Formats numbers with decimal unit prefixes.</summary>
internal static class Units
{
    /// <summary>Formats a number of bytes, such as 5.39 GB.</summary>
    public static string Bytes(double bytes) => Scaled(bytes, "B");

    /// <summary>Formats a number of parameters, such as 389.4 B or 5.39 M.</summary>
    public static string Count(double count) => count switch
    {
        >= 1e9 => $"{count / 1e9:0.##} B",
        >= 1e6 => $"{count / 1e6:0.##} M",
        _ => $"{count:N0}",
    };

    private static string Scaled(double value, string unit) => value switch
    {
        >= 1e12 => $"{value / 1e12:0.##} T{unit}",
        >= 1e9 => $"{value / 1e9:0.##} G{unit}",
        >= 1e6 => $"{value / 1e6:0.##} M{unit}",
        >= 1e3 => $"{value / 1e3:0.##} k{unit}",
        _ => $"{value:0} {unit}",
    };
}
