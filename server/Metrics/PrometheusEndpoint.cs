using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Metrics;

/// <summary>
/// GET /metrics: the metrics of this server, ASP.NET Core and the runtime in Prometheus' text format. It leaves out the meters of other
/// servers in the process.
/// </summary>
internal sealed class PrometheusEndpoint : IDisposable
{
    private const string ContentType = "text/plain; version=0.0.4; charset=utf-8", Runtime = "System.Runtime";

    private static readonly string[] Meters =
        [ServerMetrics.Name, VllmMetrics.MeterName, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel"];

    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);
    private readonly EngineMetrics _engine;
    private readonly ExpertMetrics _experts;
    private readonly Lock _collecting = new();

    /// <summary>Starts to collect measurements.</summary>
    public PrometheusEndpoint(IMeterFactory factory, EngineMetrics engine, ExpertMetrics experts)
    {
        _engine = engine;
        _experts = experts;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            bool own = Meters.Contains(instrument.Meter.Name) && ReferenceEquals(instrument.Meter.Scope, factory);
            if (own || instrument.Meter.Name == Runtime)
            {
                MetricFamily family = new(instrument);
                listener.EnableMeasurementEvents(instrument, _families.GetOrAdd(family.Name, family));
            }
        };
        Listen<byte>();
        Listen<short>();
        Listen<int>();
        Listen<long>();
        Listen<float>();
        Listen<double>();
        _listener.Start();
    }

    /// <summary>Handles a request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        await _engine.RefreshAsync(context.RequestAborted);
        await _experts.RefreshAsync(context.RequestAborted);
        context.Response.ContentType = ContentType;
        byte[] text = Encoding.UTF8.GetBytes(Collect());
        context.Response.ContentLength = text.Length;
        await context.Response.Body.WriteAsync(text, context.RequestAborted);
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private string Collect()
    {
        lock (_collecting)
        {
            _listener.RecordObservableInstruments();
        }

        StringBuilder text = new();
        foreach ((_, MetricFamily family) in _families.OrderBy(f => f.Key, StringComparer.Ordinal))
        {
            family.Write(text);
        }

        return text.ToString();
    }

    private void Listen<T>()
        where T : struct, IConvertible =>
        _listener.SetMeasurementEventCallback<T>(static (_, value, tags, state) =>
            ((MetricFamily)state!).Record(value.ToDouble(null), tags));
}
