using HunyuanOrleans.Cuda.Attention;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Memory;
using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Cuda.Operations;

/// <summary>
/// Graphs of the operations of steps, by the sizes of their launches. Operations are submitted one by one the first time, which loads their kernels and
/// uploads tables; the second time they are recorded; later they are one launch. The sizes that were used last are kept. Not thread-safe.
/// </summary>
/// <param name="driver">The driver.</param>
/// <param name="stream">The stream of the operations.</param>
/// <param name="staging">Copies of other threads to the stream, which must not become a part of a graph.</param>
internal sealed class StepGraphs(ICudaDriver driver, nint stream, RowStaging staging) : IDisposable
{
    /// <summary>Most rows of a step that is recorded: larger ones take long enough for their launches not to matter, and differ more.</summary>
    public const int MaxRows = 64;

    /// <summary>Most sizes that are kept. A batch that fills and empties passes through every number of rows.</summary>
    public const int MaxSizes = 256;

    private readonly Dictionary<AttentionGrid, Entry> _entries = [];
    private int _version;
    private long _runs;

    /// <summary>Number of graphs.</summary>
    public int Count => _entries.Values.Sum(static entry => entry.Graphs.Values.Count(static graph => graph != 0));

    /// <summary>Submits or replays operations of a step.</summary>
    /// <param name="grid">The sizes of the launches.</param>
    /// <param name="operations">The name of the operations.</param>
    /// <param name="run">Submits them.</param>
    public void Run(AttentionGrid grid, OperationRun operations, Action run)
    {
        if (operations.Version != _version)
        {
            Clear();
            _version = operations.Version;
        }

        if (grid.Rows > MaxRows)
        {
            run();
            return;
        }

        (int, int) range = (operations.First, operations.Last);
        if (!_entries.TryGetValue(grid, out Entry? entry) || !entry.Graphs.TryGetValue(range, out nint graph))
        {
            run();
            (entry ?? Add(grid)).Graphs.Add(range, 0);
        }
        else
        {
            if (graph == 0)
            {
                entry.Graphs[range] = graph = Record(run);
            }

            driver.LaunchGraphAsync(graph, stream);
        }

        _entries[grid].LastRun = ++_runs;
    }

    /// <inheritdoc/>
    public void Dispose() => Clear();

    private Entry Add(AttentionGrid grid)
    {
        if (_entries.Count == MaxSizes)
        {
            AttentionGrid oldest = _entries.MinBy(static pair => pair.Value.LastRun).Key;
            Destroy(_entries[oldest]);
            _entries.Remove(oldest);
        }

        Entry entry = new();
        _entries.Add(grid, entry);
        return entry;
    }

    private void Clear()
    {
        foreach (Entry entry in _entries.Values)
        {
            Destroy(entry);
        }

        _entries.Clear();
    }

    private void Destroy(Entry entry)
    {
        foreach (nint graph in entry.Graphs.Values)
        {
            if (graph != 0)
            {
                driver.DestroyGraph(graph);
            }
        }
    }

    private nint Record(Action run)
    {
        lock (staging.StreamGate)
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
    }

    private sealed class Entry
    {
        /// <summary>The graphs by the first and the last operation; 0 until the operations are recorded.</summary>
        public Dictionary<(int First, int Last), nint> Graphs { get; } = [];

        /// <summary>Number of the last run of these sizes.</summary>
        public long LastRun { get; set; }
    }
}
