namespace HunyuanOrleans.Cli.Output;

/// <summary>
/// The mean, percentiles and maximum of a set of numbers. A percentile is the smallest of the numbers that at least that percentage of them do not
/// exceed.
/// </summary>
internal sealed record Percentiles(double Mean, double P50, double P90, double P95, double P99, double Max)
{
    /// <summary>Computes the percentiles of the numbers that are not null; null if there are none.</summary>
    public static Percentiles? Of(IEnumerable<double?> numbers)
    {
        double[] sorted = [.. numbers.OfType<double>().Order()];
        return sorted.Length == 0 ? null : new Percentiles(sorted.Average(), At(50), At(90), At(95), At(99), sorted[^1]);

        double At(int percent) => sorted[Math.Max(0, (int)Math.Ceiling(percent / 100d * sorted.Length) - 1)];
    }
}
