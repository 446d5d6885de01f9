namespace HunyuanOrleans.Server.Metrics;

/// <summary>A time series: a number or a histogram. Thread-safe.</summary>
/// <param name="bounds">The upper bounds of the histogram's buckets, ascending; null for a number.</param>
internal sealed class MetricSeries(double[]? bounds)
{
    private readonly Lock _gate = new();
    private readonly long[] _buckets = new long[(bounds?.Length ?? 0) + 1];
    private double _value;

    /// <summary>Adds a value to the number or to the histogram.</summary>
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

    /// <summary>Returns the number, or the histogram's sum and the count of each bucket. The counts are not cumulative.</summary>
    public (double Value, long[] Buckets) Read()
    {
        lock (_gate)
        {
            return (_value, [.. _buckets]);
        }
    }
}
