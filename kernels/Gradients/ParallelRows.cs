using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Gradients;

/// <summary>
/// Divides rows among the workers of a pool. A unit has a fixed number of rows, whatever the number of workers, so that work which is summed by unit
/// gives the same bits on every machine. Not thread-safe.
/// </summary>
/// <param name="pool">Workers to use.</param>
public sealed class ParallelRows(WorkerPool pool) : IJob
{
    private Action<int, int, int> _body = static (_, _, _) => { };
    private int _rows;
    private int _rowsPerUnit;

    /// <summary>Number of workers.</summary>
    public int Workers => pool.Threads;

    /// <summary>Runs <paramref name="body"/> for all rows.</summary>
    /// <param name="rows">Number of rows; 0 does nothing.</param>
    /// <param name="rowsPerUnit">Rows of one call, at least 1.</param>
    /// <param name="body">Gets the first row, the row after the last, and the number of the worker.</param>
    public void Run(int rows, int rowsPerUnit, Action<int, int, int> body)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rowsPerUnit);
        (_rows, _rowsPerUnit, _body) = (rows, rowsPerUnit, body);
        pool.Run(this, (int)(((long)rows + rowsPerUnit - 1) / rowsPerUnit));
    }

    void IJob.Run(int unit, int worker)
    {
        int first = unit * _rowsPerUnit;
        _body(first, (int)Math.Min(_rows, (long)first + _rowsPerUnit), worker);
    }
}
