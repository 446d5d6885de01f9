namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// Computes the exact expected time of the slowest silo over all choices of k distinct experts, or over all choices. The probability of a choice is that
/// of independent draws of every expert, given that k are drawn (conditional Bernoulli); with equal probabilities all choices of k experts are equally
/// likely.
/// </summary>
internal sealed class SlowestSiloEstimate
{
    private readonly int? _k;
    private readonly SiloExpertTiming[] _silos;
    private readonly double[][] _countProbabilities;

    /// <summary>Creates the estimate for a layer.</summary>
    /// <param name="k">Number of experts chosen; null if each is chosen or not independently of the others, so that any number is.</param>
    /// <param name="silos">The silos with experts of the layer.</param>
    public SlowestSiloEstimate(int? k, SiloExpertTiming[] silos)
    {
        _k = k;
        _silos = silos;
        _countProbabilities = [.. silos.Select(silo => CountProbabilities(silo.Probabilities))];
    }

    /// <summary>Expected seconds of the slowest silo.</summary>
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

    /// <summary>Probability that any expert of a silo is chosen.</summary>
    public double Reached(int silo) => 1 - (Probability(double.PositiveInfinity, silo) / Probability(double.PositiveInfinity));

    private SortedSet<double> Times()
    {
        SortedSet<double> times = [];
        for (int s = 0; s < _silos.Length; s++)
        {
            for (int chosen = 0; chosen < _countProbabilities[s].Length; chosen++)
            {
                times.Add(_silos[s].Seconds(chosen));
            }
        }

        return times;
    }

    // Probability that k experts (or any number) are drawn, no silo takes longer than the limit, and none of the idle silo's experts is drawn (if given).
    private double Probability(double limit, int idleSilo = -1)
    {
        int most = _k ?? 0;
        double[] sum = new double[most + 1];
        sum[0] = 1;
        for (int s = 0; s < _silos.Length; s++)
        {
            double[] next = new double[most + 1];
            for (int chosen = 0; chosen < (s == idleSilo ? 1 : _countProbabilities[s].Length); chosen++)
            {
                if (_silos[s].Seconds(chosen) > limit)
                {
                    continue;
                }

                // Without k, numbers of other silos do not matter.
                int counted = _k is null ? 0 : chosen;
                for (int before = 0; before + counted <= most; before++)
                {
                    next[before + counted] += sum[before] * _countProbabilities[s][chosen];
                }
            }

            sum = next;
        }

        return sum[most];
    }

    // Probabilities that 0, 1, … of a silo's experts are drawn; no more than k can be.
    private double[] CountProbabilities(double[] probabilities)
    {
        double[] counts = new double[Math.Min(_k ?? int.MaxValue, probabilities.Length) + 1];
        counts[0] = 1;
        foreach (double probability in probabilities)
        {
            for (int i = counts.Length - 1; i >= 0; i--)
            {
                counts[i] = (counts[i] * (1 - probability)) + (i > 0 ? counts[i - 1] * probability : 0);
            }
        }

        return counts;
    }
}
