namespace HunyuanOrleans.Engine.Placement;

/// <summary>Splits an amount of work so that all workers finish at the same time, as far as their limits allow.</summary>
internal static class ProportionalSplit
{
    /// <summary>
    /// Computes shares = level * weight - existing, each clamped to 0 and its cap, with one common level such that they sum to
    /// <paramref name="total"/>. If the caps sum to less than the total, the shares are the caps.
    /// </summary>
    /// <param name="total">The amount of work.</param>
    /// <param name="weights">Speed of each worker; a worker with weight 0 gets nothing.</param>
    /// <param name="existing">Work that each worker has or will have besides its share.</param>
    /// <param name="caps">Most work that each worker can take.</param>
    public static double[] Split(double total, double[] weights, double[] existing, double[] caps)
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

        // The bisection ends when no double lies between the bounds: in practice after about 60 steps, at worst after about 2,000.
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

        double Share(int i, double level) => weights[i] > 0 ? Math.Clamp((level * weights[i]) - existing[i], 0, Math.Max(0, caps[i])) : 0;
    }
}
