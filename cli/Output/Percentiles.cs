namespace HunyuanOrleans.Cli.Output;

/// <summary>
/// The mean, standard deviation, percentiles and maximum of a set of numbers. A percentile between two of the numbers is interpolated linearly, as
/// numpy and therefore <c>vllm bench serve</c> do it.
/// </summary>
internal sealed record Percentiles(double Mean, double Std, double P50, double P90, double P95, double P99, double Max)
{
    /// <summary>Computes the percentiles of the numbers that are not null; null if there are none.</summary>
    public static Percentiles? Of(IEnumerable<double?> numbers)
    {
        double[] sorted = [.. numbers.OfType<double>().Order()];
        if (sorted.Length == 0)
        {
            return null;
        }

        double mean = sorted.Average();
        double variance = sorted.Average(number => (number - mean) * (number - mean));
        return new Percentiles(mean, Math.Sqrt(variance), At(50), At(90), At(95), At(99), sorted[^1]);

        double At(int percent)
        {
            double position = percent / 100d * (sorted.Length - 1);
            int below = (int)position;
            int above = Math.Min(below + 1, sorted.Length - 1);
            return sorted[below] + ((position - below) * (sorted[above] - sorted[below]));
        }
    }
}
