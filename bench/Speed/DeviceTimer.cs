using HunyuanOrleans.Cuda.Driver;

namespace HunyuanOrleans.Bench.Speed;

/// <summary>Measures how long work in a stream takes on the device, by events. The host's time counts only where the device waits for it.</summary>
internal sealed class DeviceTimer(ICudaDriver driver, nint stream) : IDisposable
{
    private readonly nint _start = driver.CreateEvent();
    private readonly nint _end = driver.CreateEvent();
    private readonly List<nint> _marks = [];
    private readonly List<string> _names = [];

    // The first run of a step loads its kernels, and the second one records them.
    private const int UnmeasuredRuns = 2;

    /// <summary>Runs work several times, twice before that without measuring.</summary>
    /// <param name="work">Submits the work.</param>
    /// <param name="seconds">About how long to measure.</param>
    /// <param name="most">The most runs.</param>
    /// <param name="prepare">Submits what comes before each run and is not measured.</param>
    /// <returns>Median seconds of a run.</returns>
    public double Measure(Action work, double seconds, int most = 50, Action? prepare = null)
    {
        for (int i = 0; i < UnmeasuredRuns; i++)
        {
            Once(work, prepare);
        }

        List<double> times = [];
        for (double sum = 0; times.Count < 3 || (times.Count < most && sum < seconds); sum += times[^1])
        {
            times.Add(Once(work, prepare));
        }

        times.Sort();
        return times[times.Count / 2];
    }

    /// <summary>Runs work once and measures each part that ends with <see cref="Mark"/>.</summary>
    /// <returns>Seconds of all parts of a name, and how many there were.</returns>
    public Dictionary<string, (double Seconds, int Count)> Profile(Action work)
    {
        _names.Clear();
        Mark("");
        work();
        driver.Synchronize(stream);
        Dictionary<string, (double Seconds, int Count)> parts = [];
        for (int i = 1; i < _names.Count; i++)
        {
            (double seconds, int count) = parts.GetValueOrDefault(_names[i]);
            parts[_names[i]] = (seconds + (driver.Elapsed(_marks[i - 1], _marks[i]) / 1e3), count + 1);
        }

        return parts;
    }

    /// <summary>Ends a part of the work that <see cref="Profile"/> runs.</summary>
    public void Mark(string name)
    {
        if (_names.Count == _marks.Count)
        {
            _marks.Add(driver.CreateEvent());
        }

        driver.Record(_marks[_names.Count], stream);
        _names.Add(name);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _marks.ForEach(driver.DestroyEvent);
        driver.DestroyEvent(_start);
        driver.DestroyEvent(_end);
    }

    private double Once(Action work, Action? prepare)
    {
        prepare?.Invoke();
        driver.Record(_start, stream);
        work();
        driver.Record(_end, stream);
        driver.WaitFor(_end);
        return driver.Elapsed(_start, _end) / 1e3;
    }
}
