using HunyuanOrleans.Cuda.Attention;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Memory;
using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Cuda.Operations;

/// <summary>
/// Graphs of the operations of all stages' steps, by the sizes of their launches. Operations are submitted one by one the first time, which loads their
/// kernels and uploads tables; the second time they are recorded; later they are one launch. The graphs that were used last are kept. Not thread-safe.
/// </summary>
/// <param name="driver">The driver.</param>
/// <param name="stream">The stream of the operations.</param>
/// <param name="staging">Copies of other threads to the stream, which must not become a part of a graph.</param>
internal sealed class StepGraphs(ICudaDriver driver, nint stream, RowStaging staging) : IDisposable
{
    /// <summary>Most rows of a step that is recorded: larger ones take long enough for their launches not to matter, and differ more.</summary>
    public const int MaxRows = 64;

    /// <summary>
    /// Most operations of all graphs together, because memory for a graph grows with its operations: those of 256 steps through 32 layers with three operations.
    /// A batch that fills and empties passes through every number of rows.
    /// </summary>
    public const int MaxOperations = 256 * 32 * 3;

    private readonly Dictionary<Key, LinkedListNode<Entry>> _entries = [];

    // The entry that was used longest ago is the first.
    private readonly LinkedList<Entry> _byUse = [];
    private int _version;
    private int _operations;

    /// <summary>Number of graphs.</summary>
    public int Count => _byUse.Count(static entry => entry.Graph != 0);

    /// <summary>Submits or replays operations of a step.</summary>
    /// <param name="rows">The rows of the step. Each stage has its own, and buffers of its own.</param>
    /// <param name="grid">The sizes of the launches.</param>
    /// <param name="operations">The name of the operations.</param>
    /// <param name="run">Submits them.</param>
    /// <returns>Whether <paramref name="run"/> was called.</returns>
    public bool Run(object rows, AttentionGrid grid, OperationRun operations, Action run)
    {
        if (operations.Version != _version)
        {
            Clear();
            _version = operations.Version;
        }

        if (grid.Rows > MaxRows)
        {
            run();
            return true;
        }

        Key key = new(rows, grid, operations);
        if (!_entries.TryGetValue(key, out LinkedListNode<Entry>? node))
        {
            run();
            Add(key);
            return true;
        }

        Entry entry = node.Value;
        bool isNew = entry.Graph == 0;
        if (isNew)
        {
            entry.Graph = Record(run);
        }

        driver.LaunchGraphAsync(entry.Graph, stream);
        _byUse.Remove(node);
        _byUse.AddLast(node);
        return isNew;
    }

    /// <summary>Ends the graphs of a stage that is disposed.</summary>
    /// <param name="rows">The rows of its steps.</param>
    public void Remove(object rows)
    {
        foreach (LinkedListNode<Entry> node in _entries.Values.Where(node => node.Value.Key.Rows == rows).ToArray())
        {
            Remove(node);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Clear();

    private void Add(in Key key)
    {
        while (_byUse.First is { } oldest && _operations + key.Operations.Count > MaxOperations)
        {
            Remove(oldest);
        }

        _entries.Add(key, _byUse.AddLast(new Entry(key)));
        _operations += key.Operations.Count;
    }

    private void Clear()
    {
        while (_byUse.First is { } oldest)
        {
            Remove(oldest);
        }
    }

    private void Remove(LinkedListNode<Entry> node)
    {
        _byUse.Remove(node);
        _entries.Remove(node.Value.Key);
        _operations -= node.Value.Key.Operations.Count;
        if (node.Value.Graph != 0)
        {
            driver.DestroyGraph(node.Value.Graph);
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

    private readonly record struct Key(object Rows, AttentionGrid Grid, OperationRun Operations);

    private sealed class Entry(Key key)
    {
        public Key Key => key;

        /// <summary>The graph; 0 until the operations are recorded.</summary>
        public nint Graph { get; set; }
    }
}
