namespace HunyuanOrleans.Bench.Checks;

/// <summary>Differences between the values of two devices.</summary>
internal static class Differences
{
    /// <summary>The largest difference of two values at the same place; NaN if one of the differences is no number.</summary>
    /// <param name="expected">The values of one device.</param>
    /// <param name="actual">As many values of the other device.</param>
    public static double Largest(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        double largest = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            // Math.Max is NaN if one of its arguments is.
            largest = Math.Max(largest, Math.Abs((double)expected[i] - actual[i]));
        }

        return largest;
    }
}
