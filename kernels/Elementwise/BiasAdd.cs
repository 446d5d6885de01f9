using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Elementwise;

/// <summary>Adds one vector to every row of an activation. Keep the object and reuse it: runs allocate nothing.</summary>
public sealed class BiasAdd(WorkerPool pool) : IBiasAdd, IJob
{
    private const int RowsPerUnit = 16;
    private Activation _x = null!;
    private float[] _bias = [];
    private int _rows;

    /// <summary>x[row] += bias for the first <paramref name="rows"/> rows.</summary>
    /// <param name="x">float32 [rows, columns].</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="bias">[columns].</param>
    public void Run(Activation x, int rows, float[] bias)
    {
        x.Check(0, rows, nameof(rows));
        ArgumentOutOfRangeException.ThrowIfNotEqual(bias.Length, x.Columns, nameof(bias));
        (_x, _rows, _bias) = (x, rows, bias);
        pool.Run(this, (rows + RowsPerUnit - 1) / RowsPerUnit);
    }

    void IBiasAdd.Run(IActivation x, int rows, IVector bias) => Run((Activation)x, rows, HostVector.Of(bias));

    void IJob.Run(int unit, int worker)
    {
        int end = Math.Min(_rows, (unit + 1) * RowsPerUnit);
        for (int row = unit * RowsPerUnit; row < end; row++)
        {
            Span<float> x = _x.Row(row);
            for (int i = 0; i < x.Length; i++)
            {
                x[i] += _bias[i];
            }
        }
    }
}
