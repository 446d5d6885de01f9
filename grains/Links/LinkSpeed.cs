using System.Globalization;

namespace HunyuanOrleans.Grains.Links;

/// <summary>
/// The speed of a simulated link between two silos: how long a byte is on its way, and how many bytes leave per second. It holds for each pair of
/// silos and for each direction.
/// </summary>
/// <param name="Latency">Time from one silo to the other, one way; added to what the machine's own sockets take.</param>
/// <param name="BytesPerSecond">Bytes per second in each direction; infinite for no limit.</param>
public sealed record LinkSpeed(TimeSpan Latency, double BytesPerSecond = double.PositiveInfinity)
{
    /// <summary>What <see cref="Parse"/> reads, for error messages.</summary>
    public const string Allowed = "LATENCY[,BANDWIDTH], such as 25us,12.5GB/s, 1ms,10Gbit/s or 2ms; latency up to 10s in us, ms or s, bandwidth from 1KB/s in KB/s, MB/s, GB/s, Mbit/s or Gbit/s";

    private const double MaxMicroseconds = 10e6, MinBytesPerSecond = 1000;

    private static readonly (string Suffix, double Factor)[] Times = [("us", 1), ("ms", 1e3), ("s", 1e6)];

    private static readonly (string Suffix, double Factor)[] Rates =
        [("KB/s", 1e3), ("MB/s", 1e6), ("GB/s", 1e9), ("Mbit/s", 1e6 / 8), ("Gbit/s", 1e9 / 8)];

    /// <summary>Reads a speed; null if the text is none. <see cref="Allowed"/> describes the texts.</summary>
    public static LinkSpeed? Parse(string text)
    {
        string[] parts = text.Split(',');
        if (parts.Length > 2 || Read(parts[0], Times) is not (>= 0 and <= MaxMicroseconds and double microseconds))
        {
            return null;
        }

        if (parts.Length == 1)
        {
            return new LinkSpeed(TimeSpan.FromMicroseconds(microseconds));
        }

        return Read(parts[1], Rates) is >= MinBytesPerSecond and double rate ? new LinkSpeed(TimeSpan.FromMicroseconds(microseconds), rate) : null;
    }

    /// <summary>The speed on a clock that runs slower or faster: 0.1 is ten times faster.</summary>
    public LinkSpeed Scale(double timeScale) => new(Latency * timeScale, BytesPerSecond / timeScale);

    private static double? Read(string text, (string Suffix, double Factor)[] units)
    {
        text = text.Trim();
        (string suffix, double factor) = Array.Find(units, unit => text.EndsWith(unit.Suffix, StringComparison.OrdinalIgnoreCase));
        return suffix is not null
            && double.TryParse(text.AsSpan(0, text.Length - suffix.Length).TrimEnd(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
            && double.IsFinite(number)
            ? number * factor
            : null;
    }
}
