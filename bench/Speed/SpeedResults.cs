using System.Diagnostics;

namespace HunyuanOrleans.Bench.Speed;

/// <summary>Collects what was measured within a time, and what was not.</summary>
/// <param name="limit">The time.</param>
/// <param name="start">The timestamp of its beginning.</param>
internal sealed class SpeedResults(TimeSpan limit, long start)
{
    private readonly List<SpeedResult> _measured = [];
    private readonly List<string> _skipped = [];

    /// <summary>Called after a result was added.</summary>
    public Action? Added { get; set; }

    /// <summary>The results in the order in which they were measured.</summary>
    public IReadOnlyList<SpeedResult> Measured => _measured;

    /// <summary>What there was no time for.</summary>
    public IReadOnlyList<string> Skipped => _skipped;

    /// <summary>Why measuring ended early; null if it did not.</summary>
    public string? Error { get; set; }

    /// <summary>Whether there is no time left for a step, or for all steps of a form.</summary>
    public bool Skips(string name)
    {
        bool skips = Stopwatch.GetElapsedTime(start) >= limit;
        if (skips)
        {
            _skipped.Add(name);
        }

        return skips;
    }

    /// <summary>Adds a result and prints it.</summary>
    public void Add(SpeedResult result)
    {
        _measured.Add(result);
        Added?.Invoke();
        SpeedTable.Print(result);
    }
}
