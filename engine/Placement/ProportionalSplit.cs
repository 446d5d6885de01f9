namespace HunyuanOrleans.Engine.Placement;

/// <summary>Divides work so that all finish together, as far as limits allow. It does not know what the work is.</summary>
internal static class ProportionalSplit
{
    /// <summary>
    /// Shares x with sum <paramref name="total"/> and x = level * weight - floor, held between 0 and cap, for one common level. Where the
    /// caps are below the total, the caps.
    /// </summary>
    /// <param name="total">What is divided.</param>
    /// <param name="weights">Speed of each; one with 0 gets nothing.</param>
    /// <param name="floors">What each has to do already.</param>
    /// <param name="caps">Most that each can take.</param>
    public static double[] Fill(double total, double[] weights, double[] floors, double[] caps)
    {
        double low = 0;
        double high = 1;
        while (Sum(high) < total)
        {
            if (double.IsInfinity(high *= 2))
            {
                break;
            }
        }

        // Halving a double's exponent and mantissa ends after about 2,000 steps at worst, in practice after 60.
        for (double middle = (low + high) / 2; middle > low && middle < high; middle = (low + high) / 2)
        {
            if (Sum(middle) < total)
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        double[] shares = new double[weights.Length];
        for (int i = 0; i < shares.Length; i++)
        {
            shares[i] = Share(i, high);
        }

        return shares;

        double Sum(double level)
        {
            double sum = 0;
            for (int i = 0; i < weights.Length; i++)
            {
                sum += Share(i, level);
            }

            return sum;
        }

        double Share(int i, double level) => weights[i] > 0 ? Math.Clamp((level * weights[i]) - floors[i], 0, Math.Max(0, caps[i])) : 0;
    }
}
