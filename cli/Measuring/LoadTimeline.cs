namespace HunyuanOrleans.Cli.Measuring;

/// <summary>When the requests of a run were in progress and when their tokens arrived.</summary>
internal static class LoadTimeline
{
    private const double MillisecondsPerSecond = 1000;

    /// <summary>The largest number of requests that were in progress at the same time.</summary>
    public static int PeakConcurrency(IEnumerable<LoadSample> samples)
    {
        List<(double At, int Change)> changes = [];
        foreach (LoadSample sample in samples)
        {
            changes.Add((sample.Started, 1));
            changes.Add((sample.Started + sample.Total, -1));
        }

        // Ends before starts, so that a request that begins when another ends does not count as a second one.
        int running = 0, peak = 0;
        foreach ((_, int change) in changes.OrderBy(static c => c.At).ThenBy(static c => c.Change))
        {
            running += change;
            peak = Math.Max(peak, running);
        }

        return peak;
    }

    /// <summary>The largest number of chunks of text that arrived within one of the run's seconds.</summary>
    public static int PeakTokensPerSecond(IEnumerable<LoadSample> samples)
    {
        Dictionary<int, int> seconds = [];
        foreach (LoadSample sample in samples)
        {
            if (sample.FirstToken is not double first)
            {
                continue;
            }

            double at = sample.Started + first;
            Count(at);
            foreach (double gap in sample.Gaps)
            {
                Count(at += gap);
            }
        }

        return seconds.Values.DefaultIfEmpty().Max();

        void Count(double milliseconds)
        {
            int second = (int)(milliseconds / MillisecondsPerSecond);
            seconds[second] = seconds.GetValueOrDefault(second) + 1;
        }
    }
}
