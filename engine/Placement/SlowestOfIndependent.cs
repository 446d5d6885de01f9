namespace HunyuanOrleans.Engine.Placement;

/// <summary>The expected time of the slowest silo, if every expert is chosen or not independently of the others.</summary>
internal sealed class SlowestOfIndependent
{
    private readonly List<(SiloExpertTiming Timing, double[] Counts)> _silos = [];

    /// <summary>Adds a silo.</summary>
    /// <param name="probabilities">Probability of each of its experts to be chosen.</param>
    /// <param name="idleSeconds">Seconds if none of its experts is chosen.</param>
    /// <param name="fixedSeconds">Seconds if any is chosen, without the experts themselves.</param>
    /// <param name="secondsPerExpert">Seconds for each chosen expert.</param>
    public void Add(IReadOnlyList<double> probabilities, double idleSeconds, double fixedSeconds, double secondsPerExpert)
    {
        double[] counts = new double[probabilities.Count + 1];
        counts[0] = 1;
        foreach (double probability in probabilities)
        {
            for (int i = counts.Length - 1; i >= 0; i--)
            {
                counts[i] = (counts[i] * (1 - probability)) + (i > 0 ? counts[i - 1] * probability : 0);
            }
        }

        _silos.Add((new SiloExpertTiming([.. probabilities], idleSeconds, fixedSeconds, secondsPerExpert), counts));
    }

    /// <summary>The expected seconds of the slowest of the silos added; 0 without any.</summary>
    public double Seconds()
    {
        SortedSet<double> limits = [.. _silos.SelectMany(static silo => Enumerable.Range(0, silo.Counts.Length).Select(silo.Timing.Seconds))];
        double mean = 0;
        double below = 0;
        foreach (double limit in limits)
        {
            double within = 1;
            foreach ((SiloExpertTiming timing, double[] counts) in _silos)
            {
                double silo = 0;
                for (int chosen = 0; chosen < counts.Length; chosen++)
                {
                    silo += timing.Seconds(chosen) <= limit ? counts[chosen] : 0;
                }

                within *= silo;
            }

            mean += limit * (within - below);
            below = within;
        }

        return mean;
    }
}
