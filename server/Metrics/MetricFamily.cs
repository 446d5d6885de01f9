using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace HunyuanOrleans.Server.Metrics;

/// <summary>An instrument with its time series: a metric family of Prometheus.</summary>
internal sealed class MetricFamily
{
    // OpenTelemetry's default buckets, for instruments that name none.
    private static readonly double[] DefaultBounds = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000];

    private readonly ConcurrentDictionary<string, MetricSeries> _series = new(StringComparer.Ordinal);
    private readonly string _help;
    private readonly string _type;
    private readonly double[]? _bounds;
    private readonly bool _accumulates;

    /// <summary>Creates the family of an instrument.</summary>
    public MetricFamily(Instrument instrument)
    {
        string kind = instrument.GetType().Name;
        bool histogram = kind.StartsWith("Histogram", StringComparison.Ordinal);
        bool counter = kind.StartsWith("Counter", StringComparison.Ordinal) || kind.StartsWith("ObservableCounter", StringComparison.Ordinal);
        _type = histogram ? "histogram" : counter ? "counter" : "gauge";
        _accumulates = histogram || kind.StartsWith("Counter", StringComparison.Ordinal) || kind.StartsWith("UpDownCounter", StringComparison.Ordinal);
        _bounds = histogram ? Bounds(instrument) : null;
        _help = instrument.Description ?? "";
        Name = PrometheusFormat.Name(instrument.Name, instrument.Unit, counter);
    }

    /// <summary>The name in Prometheus' format.</summary>
    public string Name { get; }

    /// <summary>Records a measurement.</summary>
    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        MetricSeries series = _series.GetOrAdd(PrometheusFormat.Labels(tags), static (_, bounds) => new MetricSeries(bounds), _bounds);
        if (_accumulates)
        {
            series.Add(value);
        }
        else
        {
            series.Set(value);
        }
    }

    /// <summary>Writes all series.</summary>
    public void Write(StringBuilder text)
    {
        if (_series.IsEmpty)
        {
            return;
        }

        text.Append("# HELP ").Append(Name).Append(' ').Append(PrometheusFormat.Help(_help)).Append('\n');
        text.Append("# TYPE ").Append(Name).Append(' ').Append(_type).Append('\n');
        foreach ((string labels, MetricSeries series) in _series.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            (double value, long[] buckets) = series.Read();
            if (_bounds is null)
            {
                WriteLine(text, "", labels, null, value);
            }
            else
            {
                WriteHistogram(text, labels, _bounds, buckets, value);
            }
        }
    }

    private static double[] Bounds(Instrument instrument) => instrument switch
    {
        Instrument<double> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds],
        Instrument<int> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds.Select(b => (double)b)],
        Instrument<long> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds.Select(b => (double)b)],
        _ => DefaultBounds,
    };

    private void WriteHistogram(StringBuilder text, string labels, double[] bounds, long[] buckets, double sum)
    {
        long count = 0;
        for (int i = 0; i < buckets.Length; i++)
        {
            count += buckets[i];
            WriteLine(text, "_bucket", labels, i < bounds.Length ? bounds[i].ToString(CultureInfo.InvariantCulture) : "+Inf", count);
        }

        WriteLine(text, "_sum", labels, null, sum);
        WriteLine(text, "_count", labels, null, count);
    }

    private void WriteLine(StringBuilder text, string suffix, string labels, string? bound, double value)
    {
        text.Append(Name).Append(suffix);
        if (labels.Length > 0 || bound is not null)
        {
            text.Append('{').Append(labels);
            if (bound is not null)
            {
                text.Append(labels.Length > 0 ? "," : "").Append("le=\"").Append(bound).Append('"');
            }

            text.Append('}');
        }

        text.Append(' ').Append(PrometheusFormat.Number(value)).Append('\n');
    }
}
