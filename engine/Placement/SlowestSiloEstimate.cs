namespace HunyuanOrleans.Engine.Placement;

/// <summary>One silo's part in a layer's experts.</summary>
/// <param name="Chances">Probability of each of its experts to be chosen.</param>
/// <param name="Idle">Seconds until it is ready where none of them is chosen.</param>
/// <param name="Fixed">Seconds where any is chosen, without the experts themselves.</param>
/// <param name="PerExpert">Seconds of each expert that is chosen.</param>
internal readonly record struct SiloExpertTiming(double[] Chances, double Idle, double Fixed, double PerExpert)
{
    public double Seconds(int chosen) => chosen == 0 ? Idle : Fixed + (chosen * PerExpert);
}

/// <summary>
/// The expected time of the slowest silo, exactly, over all choices of k different experts. The chance of a choice is that of independent
/// draws of every expert, given that k are drawn (conditional Bernoulli); with equal chances every choice is equally likely.
/// </summary>
internal sealed class SlowestSiloEstimate
{
    private readonly int _k;
    private readonly SiloExpertTiming[] _branches;
    private readonly double[][] _counts;

    public SlowestSiloEstimate(int k, SiloExpertTiming[] branches)
    {
        _k = k;
        _branches = branches;
        _counts = [.. branches.Select(branch => Counts(branch.Chances))];
    }

    /// <summary>Mean over the choices of the largest of the branches' seconds.</summary>
    public double Slowest()
    {
        double all = Probability(double.PositiveInfinity);
        double mean = 0;
        double below = 0;
        foreach (double limit in Times())
        {
            double within = Probability(limit) / all;
            mean += limit * (within - below);
            below = within;
        }

        return mean;
    }

    /// <summary>Probability that any expert of a branch is chosen.</summary>
    public double Reached(int branch) => 1 - (Probability(double.PositiveInfinity, branch) / Probability(double.PositiveInfinity));

    private SortedSet<double> Times()
    {
        SortedSet<double> times = [];
        for (int b = 0; b < _branches.Length; b++)
        {
            for (int chosen = 0; chosen < _counts[b].Length; chosen++)
            {
                times.Add(_branches[b].Seconds(chosen));
            }
        }

        return times;
    }

    // ExpertProbability that k experts are drawn and no branch takes longer than the limit; nor, where asked, has the idle branch any of them.
    private double Probability(double limit, int idle = -1)
    {
        double[] sum = new double[_k + 1];
        sum[0] = 1;
        for (int b = 0; b < _branches.Length; b++)
        {
            double[] next = new double[_k + 1];
            for (int chosen = 0; chosen < (b == idle ? 1 : _counts[b].Length); chosen++)
            {
                if (_branches[b].Seconds(chosen) > limit)
                {
                    continue;
                }

                for (int before = 0; before + chosen <= _k; before++)
                {
                    next[before + chosen] += sum[before] * _counts[b][chosen];
                }
            }

            sum = next;
        }

        return sum[_k];
    }

    // Chances of 0, 1, … k of a branch's experts being drawn.
    private double[] Counts(double[] chances)
    {
        double[] counts = new double[Math.Min(_k, chances.Length) + 1];
        counts[0] = 1;
        foreach (double chance in chances)
        {
            for (int i = counts.Length - 1; i >= 0; i--)
            {
                counts[i] = (counts[i] * (1 - chance)) + (i > 0 ? counts[i - 1] * chance : 0);
            }
        }

        return counts;
    }
}
