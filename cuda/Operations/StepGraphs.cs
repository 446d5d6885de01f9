using HunyuanOrleans.Cuda.Attention;
using HunyuanOrleans.Cuda.Driver;

namespace HunyuanOrleans.Cuda.Operations;

/// <summary>
/// Graphs of the operations of steps, by the sizes of their launches. The operations of the first step of some sizes are submitted one by one, which loads
/// their kernels; those of the second are recorded; later ones are one launch. The sizes that were used last are kept. Not thread-safe.
/// </summary>
internal sealed class StepGraphs(ICudaDriver driver, nint stream) : IDisposable
{
    /// <summary>Most rows of a step that is recorded: larger ones take long enough for their launches not to matter, and differ more.</summary>
    public const int MaxRows = 64;

    /// <summary>Most sizes that are kept. A batch that fills and empties passes through every number of rows.</summary>
    public const int MaxSizes = 256;

    private readonly Dictionary<AttentionGrid, Entry> _entries = [];
    private Action? _recorded;
    private long _steps;

    /// <summary>Number of graphs.</summary>
    public int Count => _entries.Values.Count(static entry => entry.Graph != 0);

    /// <summary>Runs or replays the operations of a step.</summary>
    public void Run(AttentionGrid grid, Action run)
    {
        if (grid.Rows > MaxRows || (_recorded is not null && _recorded != run))
        {
            run();
            return;
        }

        _recorded = run;
        if (!_entries.TryGetValue(grid, out Entry? entry))
        {
            run();
            MakeRoom();
            entry = new Entry();
            _entries.Add(grid, entry);
        }
        else
        {
            if (entry.Graph == 0)
            {
                entry.Graph = Record(run);
            }

            driver.LaunchGraphAsync(entry.Graph, stream);
        }

        entry.LastStep = ++_steps;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Entry entry in _entries.Values)
        {
            Destroy(entry);
        }

        _entries.Clear();
    }

    private void MakeRoom()
    {
        if (_entries.Count == MaxSizes)
        {
            AttentionGrid oldest = _entries.MinBy(static pair => pair.Value.LastStep).Key;
            Destroy(_entries[oldest]);
            _entries.Remove(oldest);
        }
    }

    private void Destroy(Entry entry)
    {
        if (entry.Graph != 0)
        {
            driver.DestroyGraph(entry.Graph);
        }
    }

    private nint Record(Action run)
    {
        driver.BeginCapture(stream);
        try
        {
            run();
        }
        catch
        {
            driver.AbandonCapture(stream);
            throw;
        }

        return driver.EndCapture(stream);
    }

    private sealed class Entry
    {
        /// <summary>The graph; 0 until the operations are recorded.</summary>
        public nint Graph { get; set; }

        /// <summary>Number of the last step of these sizes.</summary>
        public long LastStep { get; set; }
    }
}
