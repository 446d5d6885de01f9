using HunyuanOrleans.Cuda.Attention;
using HunyuanOrleans.Cuda.Driver;

namespace HunyuanOrleans.Cuda.Operations;

/// <summary>
/// Graphs of the operations of steps, by the sizes of their launches. The operations of the first step of some sizes are submitted one by one, which loads
/// their kernels; those of the second are recorded; later ones are one launch. Not thread-safe.
/// </summary>
internal sealed class StepGraphs(ICudaDriver driver, nint stream) : IDisposable
{
    /// <summary>Most rows of a step that is recorded: larger ones take long enough for their launches not to matter, and differ more.</summary>
    public const int MaxRows = 64;

    // A batch that fills and empties passes through every number of rows.
    private const int MaxGraphs = 256;

    private readonly Dictionary<AttentionGrid, nint> _graphs = [];
    private Action? _recorded;

    /// <summary>Number of graphs.</summary>
    public int Count => _graphs.Values.Count(static graph => graph != 0);

    /// <summary>Runs or replays the operations of a step.</summary>
    public void Run(AttentionGrid grid, Action run)
    {
        if (grid.Rows > MaxRows || (_recorded is not null && _recorded != run))
        {
            run();
        }
        else if (_graphs.TryGetValue(grid, out nint graph))
        {
            if (graph == 0)
            {
                _graphs[grid] = graph = Record(run);
            }

            driver.LaunchGraphAsync(graph, stream);
        }
        else
        {
            run();
            _recorded = run;
            if (_graphs.Count < MaxGraphs)
            {
                _graphs.Add(grid, 0);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (nint graph in _graphs.Values.Where(static graph => graph != 0))
        {
            driver.DestroyGraph(graph);
        }

        _graphs.Clear();
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
            driver.DestroyGraph(driver.EndCapture(stream));
            throw;
        }

        return driver.EndCapture(stream);
    }
}
