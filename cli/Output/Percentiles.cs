namespace HunyuanOrleans.Cli.Output;

/// <summary>How numbers are spread: each is the smallest number that so many percent do not exceed.</summary>
internal sealed record Percentiles(double Mean, double P50, double P90, double P95, double P99, double Max)
{
    /// <summary>Of the numbers that are there; null where none is.</summary>
    public static Percentiles? Of(IEnumerable<double?> numbers)
    {
        double[] sorted = [.. numbers.OfType<double>().Order()];
        return sorted.Length == 0 ? null : new Percentiles(sorted.Average(), At(50), At(90), At(95), At(99), sorted[^1]);

        double At(int percent) => sorted[Math.Max(0, (int)Math.Ceiling(percent / 100d * sorted.Length) - 1)];
    }
}
