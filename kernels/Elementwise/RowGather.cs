using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Routing;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Elementwise;

/// <summary>
/// Copies selected rows of one activation to consecutive rows of another one with the same type and columns. Keep the object and reuse it:
/// runs allocate nothing.
/// </summary>
public sealed unsafe class RowGather(WorkerPool pool) : IRowGather, IJob
{
    private const int RowsPerUnit = 32;
    private Activation _from = null!;
    private Activation _to = null!;
    private int[] _rows = [];
    private int _count;

    /// <summary>Copies row <c>rows[i]</c> of <paramref name="from"/> to row i of <paramref name="to"/>, for i below <paramref name="count"/>.</summary>
    public void Run(Activation from, int[] rows, int count, Activation to)
    {
        to.Check(0, count, nameof(count));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, rows.Length);
        if (from.Type != to.Type || from.Columns != to.Columns)
        {
            throw new ArgumentException($"Rows of {from.Type}[{from.Columns}] cannot be copied to rows of {to.Type}[{to.Columns}].", nameof(to));
        }

        (_from, _to, _rows, _count) = (from, to, rows, count);
        pool.Run(this, (count + RowsPerUnit - 1) / RowsPerUnit);
    }

    void IRowGather.Run(IActivation from, int[] rows, int count, IActivation to) => Run((Activation)from, rows, count, (Activation)to);

    void IRowGather.Run(IActivation from, IRoutedRows routed, IActivation to)
    {
        RoutedRows host = (RoutedRows)routed;
        Run((Activation)from, host.TokenOf, host.Rows, (Activation)to);
    }

    void IJob.Run(int unit, int worker)
    {
        int end = Math.Min(_count, (unit + 1) * RowsPerUnit);
        for (int i = unit * RowsPerUnit; i < end; i++)
        {
            _from.RowBytes(_rows[i]).CopyTo(_to.RowBytes(i));
        }
    }
}
