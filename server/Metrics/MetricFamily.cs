using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace HunyuanOrleans.Server.Metrics;

/// <summary>One instrument with its time series, as Prometheus knows it.</summary>
internal sealed class MetricFamily
{
    // Where an instrument names no buckets: OpenTelemetry's own default ones.
    private static readonly double[] DefaultBounds = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000];

    private readonly ConcurrentDictionary<string, MetricSeries> _series = new(StringComparer.Ordinal);
    private readonly string _help;
    private readonly string _type;
    private readonly double[]? _bounds;
    private readonly bool _adds;

    /// <summary>For an instrument.</summary>
    public MetricFamily(Instrument instrument)
    {
        string kind = instrument.GetType().Name;
        bool histogram = kind.StartsWith("Histogram", StringComparison.Ordinal);
        bool counter = kind.StartsWith("Counter", StringComparison.Ordinal) || kind.StartsWith("ObservableCounter", StringComparison.Ordinal);
        _type = histogram ? "histogram" : counter ? "counter" : "gauge";
        _adds = histogram || kind.StartsWith("Counter", StringComparison.Ordinal) || kind.StartsWith("UpDownCounter", StringComparison.Ordinal);
        _bounds = histogram ? Bounds(instrument) : null;
        _help = instrument.Description ?? "";
        Name = PrometheusText.Name(instrument.Name, instrument.Unit, counter);
    }

    /// <summary>The name in Prometheus' spelling.</summary>
    public string Name { get; }

    /// <summary>Takes a measurement.</summary>
    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        MetricSeries series = _series.GetOrAdd(PrometheusText.Labels(tags), static (_, bounds) => new MetricSeries(bounds), _bounds);
        if (_adds)
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

        text.Append("# HELP ").Append(Name).Append(' ').Append(PrometheusText.Help(_help)).Append('\n');
        text.Append("# TYPE ").Append(Name).Append(' ').Append(_type).Append('\n');
        foreach ((string labels, MetricSeries series) in _series.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            (double value, long[] buckets) = series.Read();
            if (_bounds is null)
            {
                Line(text, "", labels, null, value);
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
            Line(text, "_bucket", labels, i < bounds.Length ? bounds[i].ToString(CultureInfo.InvariantCulture) : "+Inf", count);
        }

        Line(text, "_sum", labels, null, sum);
        Line(text, "_count", labels, null, count);
    }

    private void Line(StringBuilder text, string suffix, string labels, string? bound, double value)
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

        text.Append(' ').Append(PrometheusText.Number(value)).Append('\n');
    }
}
