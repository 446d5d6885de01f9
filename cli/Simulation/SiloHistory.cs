using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Cli.Simulation;

/// <summary>
/// What one silo reported over time. Its counters begin again when the silo does; the totals here do not.
/// </summary>
/// <param name="name">The silo's name.</param>
internal sealed class SiloHistory(string name)
{
    private readonly List<Sample> _samples = [];
    private SiloReport? _last;
    private Sample _total;

    /// <summary>The silo's name.</summary>
    public string Name => name;

    /// <summary>The samples, in order of time.</summary>
    public IReadOnlyList<Sample> Samples => _samples;

    /// <summary>The most bytes of its device in use.</summary>
    public long PeakBytes { get; private set; }

    /// <summary>Bytes that its device has.</summary>
    public long MemoryBytes { get; private set; }

    /// <summary>Bytes of weights at the last report.</summary>
    public long WeightBytes => _last?.Models.Sum(static model => model.WeightBytes) ?? 0;

    /// <summary>Adds a report.</summary>
    /// <param name="seconds">Simulated time.</param>
    /// <param name="report">The report; null if the silo did not answer.</param>
    public void Add(double seconds, SiloReport? report)
    {
        if (report is not null)
        {
            DeviceReport? device = report.Models.Select(static model => model.Device).FirstOrDefault(static d => d is not null);
            DeviceReport? before = _last?.Models.Select(static model => model.Device).FirstOrDefault(static d => d is not null);
            TrafficReport traffic = report.Traffic;
            bool restarted = (before is not null && (device is null || device.BusySeconds < before.BusySeconds || device.LoadedBytes < before.LoadedBytes))
                || traffic.Steps < _last?.Traffic.Steps;
            before = restarted ? null : before;
            TrafficReport? sent = restarted ? null : _last?.Traffic;
            _total = new Sample(
                seconds,
                _total.Busy + (device?.BusySeconds ?? 0) - (before?.BusySeconds ?? 0),
                _total.Loading + (device?.LoadSeconds ?? 0) - (before?.LoadSeconds ?? 0),
                _total.LoadedBytes + (device?.LoadedBytes ?? 0) - (before?.LoadedBytes ?? 0),
                _total.Calls + traffic.Steps + traffic.ExpertCalls - (sent?.Steps ?? 0) - (sent?.ExpertCalls ?? 0),
                _total.Bytes + traffic.StepBytes + traffic.ExpertBytes - (sent?.StepBytes ?? 0) - (sent?.ExpertBytes ?? 0),
                Alive: true);
            PeakBytes = Math.Max(PeakBytes, device?.PeakBytes ?? 0);
            MemoryBytes = Math.Max(MemoryBytes, device?.CapacityBytes ?? 0);
            _last = report;
        }

        _samples.Add(_total with { Seconds = seconds, Alive = report is not null });
    }

    /// <summary>The last sample at or before a time.</summary>
    public Sample At(double seconds)
    {
        Sample found = default;
        foreach (Sample sample in _samples)
        {
            if (sample.Seconds > seconds)
            {
                break;
            }

            found = sample;
        }

        return found;
    }

    /// <summary>Totals of a silo at a time.</summary>
    /// <param name="Seconds">Simulated time.</param>
    /// <param name="Busy">Simulated seconds of computing.</param>
    /// <param name="Loading">Simulated seconds of loading.</param>
    /// <param name="LoadedBytes">Bytes of weights loaded.</param>
    /// <param name="Calls">Calls with rows to other silos.</param>
    /// <param name="Bytes">Bytes of rows sent.</param>
    /// <param name="Alive">Whether the silo answered.</param>
    internal readonly record struct Sample(double Seconds, double Busy, double Loading, long LoadedBytes, long Calls, long Bytes, bool Alive);
}
