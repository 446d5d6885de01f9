using System.Diagnostics.Metrics;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>Creates meters whose names no listener knows, so that what is measured while a model warms up is not published.</summary>
internal sealed class WarmUpMeters : IMeterFactory
{
    private readonly List<Meter> _meters = [];

    /// <inheritdoc/>
    public Meter Create(MeterOptions options)
    {
        Meter meter = new($"{options.Name}.WarmUp", options.Version, options.Tags, this);
        _meters.Add(meter);
        return meter;
    }

    /// <inheritdoc/>
    public void Dispose() => _meters.ForEach(static meter => meter.Dispose());
}
