using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Products;

/// <summary>
/// Applies an epilogue to sums that <see cref="Epilogue.Store"/> has left in float32, after something was added to some of them. Rows to which nothing was added
/// get the bits that the product itself gives with that epilogue. Keep the object and reuse it: runs allocate nothing.
/// </summary>
/// <param name="pool">The workers. Not owned.</param>
public sealed unsafe class ProductFinisher(WorkerPool pool) : IJob
{
    private const int RowsPerUnit = 8, Block = 64;
    private Activation _sums = null!;
    private Activation _y = null!;
    private int _first;
    private int _rows;
    private bool _gated;

    /// <summary>Finishes rows.</summary>
    /// <param name="sums">Float32 [rows, columns]. For <see cref="Epilogue.SwiGlu"/> 64 gate columns alternate with 64 up columns.</param>
    /// <param name="first">First row, in both.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="epilogue"><see cref="Epilogue.SwiGlu"/> or <see cref="Epilogue.Store"/>.</param>
    /// <param name="y">Receives the results, float32 or bfloat16.</param>
    public void Run(Activation sums, int first, int rows, Epilogue epilogue, Activation y)
    {
        sums.Check(first, rows, nameof(rows));
        y.Check(first, rows, nameof(rows));
        bool gated = epilogue == Epilogue.SwiGlu;
        bool fits = gated ? sums.Columns % (2 * Block) == 0 && y.Columns <= sums.Columns / 2 : sums.Columns == y.Columns;
        if (sums.Type != ElementType.F32 || epilogue == Epilogue.Add || !fits)
        {
            throw new ArgumentException($"The sums are {sums.Type}[{sums.Columns}], the output is {y.Type}[{y.Columns}] ({epilogue}).", nameof(sums));
        }

        (_sums, _first, _rows, _gated, _y) = (sums, first, rows, gated, y);
        pool.Run(this, (rows + RowsPerUnit - 1) / RowsPerUnit);
    }

    void IJob.Run(int unit, int worker)
    {
        int end = _first + Math.Min(_rows, (unit + 1) * RowsPerUnit);
        for (int row = _first + (unit * RowsPerUnit); row < end; row++)
        {
            float* sums = (float*)_sums.Address(row);
            for (int column = 0; column < _y.Columns; column += Block)
            {
                if (_gated)
                {
                    OutputWriter.SwiGlu(sums + (2 * column), 2 * Block, 1, _y, row, column);
                }
                else
                {
                    OutputWriter.Write(sums + column, Block, 1, _y, row, column, add: false);
                }
            }
        }
    }
}
