namespace HunyuanOrleans.Server.Metrics;

/// <summary>One time series: a number, or a histogram of numbers. Any thread.</summary>
/// <param name="bounds">Upper bounds of the histogram's buckets, ascending; null for a plain number.</param>
internal sealed class MetricSeries(double[]? bounds)
{
    private readonly Lock _gate = new();
    private readonly long[] _buckets = new long[(bounds?.Length ?? 0) + 1];
    private double _value;

    /// <summary>Adds to the number, or to the histogram.</summary>
    public void Add(double value)
    {
        lock (_gate)
        {
            _value += value;
            if (bounds is not null)
            {
                int bucket = Array.BinarySearch(bounds, value);
                _buckets[bucket < 0 ? ~bucket : bucket]++;
            }
        }
    }

    /// <summary>Replaces the number.</summary>
    public void Set(double value)
    {
        lock (_gate)
        {
            _value = value;
        }
    }

    /// <summary>The number, or the histogram's sum, and how many numbers fell into each bucket, not summed up.</summary>
    public (double Value, long[] Buckets) Read()
    {
        lock (_gate)
        {
            return (_value, [.. _buckets]);
        }
    }
}
