using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Cli.Simulation;

/// <summary>
/// What one silo reported over time. Its counters begin again when the silo does; the totals here do not. Thread-safe.
/// </summary>
/// <param name="name">The silo's name.</param>
internal sealed class SiloHistory(string name)
{
    private readonly Lock _gate = new();
    private readonly List<Sample> _samples = [];
    private SiloReport? _last;
    private Sample _total;

    /// <summary>The silo's name.</summary>
    public string Name => name;

    /// <summary>Bytes that its device has.</summary>
    public long MemoryBytes { get; private set; }

    /// <summary>Bytes of weights at the last report.</summary>
    public long WeightBytes => _last?.Models.Sum(static model => model.WeightBytes) ?? 0;

    /// <summary>Adds a report.</summary>
    /// <param name="seconds">Simulated time, not before that of the last report.</param>
    /// <param name="report">The report; null if the silo did not answer.</param>
    public void Add(double seconds, SiloReport? report)
    {
        lock (_gate)
        {
            if (report is not null)
            {
                Count(report);
            }

            _samples.Add(_total with { Seconds = seconds, Alive = report is not null });
        }
    }

    /// <summary>The last sample at or before a time; zeros before the first.</summary>
    public Sample At(double seconds)
    {
        lock (_gate)
        {
            int low = 0, high = _samples.Count;
            while (low < high)
            {
                int middle = (low + high) / 2;
                (low, high) = _samples[middle].Seconds <= seconds ? (middle + 1, high) : (low, middle);
            }

            return low == 0 ? default : _samples[low - 1];
        }
    }

    private static DeviceReport? DeviceOf(SiloReport? report) => report?.Models.Select(static model => model.Device).FirstOrDefault(static device => device is not null);

    private void Count(SiloReport report)
    {
        DeviceReport? device = DeviceOf(report), before = DeviceOf(_last);
        TrafficReport traffic = report.Traffic;
        TrafficReport? sent = _last?.Traffic;
        if (device?.BusySeconds < before?.BusySeconds || device?.LoadedBytes < before?.LoadedBytes || (device is null && before is not null) || traffic.Steps < sent?.Steps)
        {
            // The silo was started again.
            (before, sent) = (null, null);
        }

        _total = new Sample(
            0,
            _total.Busy + (device?.BusySeconds ?? 0) - (before?.BusySeconds ?? 0),
            _total.Loading + (device?.LoadSeconds ?? 0) - (before?.LoadSeconds ?? 0),
            _total.LoadedBytes + (device?.LoadedBytes ?? 0) - (before?.LoadedBytes ?? 0),
            _total.Calls + traffic.Steps + traffic.ExpertCalls - (sent?.Steps ?? 0) - (sent?.ExpertCalls ?? 0),
            _total.Bytes + traffic.StepBytes + traffic.ExpertBytes - (sent?.StepBytes ?? 0) - (sent?.ExpertBytes ?? 0),
            Math.Max(_total.PeakBytes, device?.PeakBytes ?? 0),
            Alive: true);
        MemoryBytes = Math.Max(MemoryBytes, device?.CapacityBytes ?? 0);
        _last = report;
    }

    /// <summary>Totals of a silo at a time.</summary>
    /// <param name="Seconds">Simulated time.</param>
    /// <param name="Busy">Simulated seconds of computing.</param>
    /// <param name="Loading">Simulated seconds of loading.</param>
    /// <param name="LoadedBytes">Bytes of weights loaded.</param>
    /// <param name="Calls">Calls with rows to other silos.</param>
    /// <param name="Bytes">Bytes of rows sent.</param>
    /// <param name="PeakBytes">The most bytes of its device in use so far.</param>
    /// <param name="Alive">Whether the silo answered.</param>
    internal readonly record struct Sample(
        double Seconds, double Busy, double Loading, long LoadedBytes, long Calls, long Bytes, long PeakBytes, bool Alive);
}
