using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Metrics;

/// <summary>
/// Collects this server's meters, ASP.NET's and the runtime's, and shows them at GET /metrics in Prometheus' text format. Meters of
/// other servers in the process are not shown.
/// </summary>
internal sealed class PrometheusListener : IDisposable
{
    private const string ContentType = "text/plain; version=0.0.4; charset=utf-8", Runtime = "System.Runtime";

    private static readonly string[] Meters =
        [ServerMeter.Name, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel"];

    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);
    private readonly EngineGauges _engine;
    private readonly ExpertGauges _experts;
    private readonly Lock _collecting = new();

    /// <summary>Starts to listen.</summary>
    public PrometheusListener(IMeterFactory factory, EngineGauges engine, ExpertGauges experts)
    {
        _engine = engine;
        _experts = experts;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            bool ours = Meters.Contains(instrument.Meter.Name) && ReferenceEquals(instrument.Meter.Scope, factory);
            if (ours || instrument.Meter.Name == Runtime)
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

    /// <summary>Answers GET /metrics.</summary>
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
