using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Gradients;

/// <summary>
/// Products of float32 rows in any of the three forms that a layer and its gradients need, distributed over workers. For matrices that change in every step,
/// such as those of adapters; weights that stay are multiplied by <see cref="Products.MatrixProducts"/>. The number of workers changes no bit. Not thread-safe.
/// </summary>
public sealed unsafe class FloatProducts : IDisposable
{
    private const int UnitRows = 64;
    private const int UnitColumns = 256;
    private readonly ParallelRows _parallel;
    private readonly NativeBuffer _scratch;

    /// <summary>Allocates scratch memory for the workers of the pool.</summary>
    public FloatProducts(WorkerPool pool)
    {
        _parallel = new ParallelRows(pool);
        _scratch = new NativeBuffer((long)pool.Threads * TileProduct.ScratchFloats * sizeof(float), clear: false);
    }

    /// <summary>c = scale * x . wᵀ, or added to c.</summary>
    /// <param name="x">[tokens, depth], from <paramref name="xRow"/>.</param>
    /// <param name="xRow">First row of x.</param>
    /// <param name="w">[columns, depth], all rows.</param>
    /// <param name="c">[tokens, columns], from <paramref name="cRow"/>.</param>
    /// <param name="cRow">First row of c.</param>
    /// <param name="tokens">Number of rows.</param>
    /// <param name="scale">Factor of the product.</param>
    /// <param name="accumulate">Whether the product is added to c.</param>
    public void TimesTransposed(Activation x, int xRow, Activation w, Activation c, int cRow, int tokens, float scale, bool accumulate)
    {
        Check(x, xRow, tokens, c, cRow, tokens, x.Columns == w.Columns && c.Columns == w.Rows && w.Type == ElementType.F32);
        Run(View(x, xRow), View(w, 0).Transposed, c, cRow, tokens, w.Rows, w.Columns, scale, accumulate);
    }

    /// <summary>c = scale * y . w, or added to c.</summary>
    /// <param name="y">[tokens, depth], from <paramref name="yRow"/>.</param>
    /// <param name="yRow">First row of y.</param>
    /// <param name="w">[depth, columns], all rows.</param>
    /// <param name="c">[tokens, columns], from <paramref name="cRow"/>.</param>
    /// <param name="cRow">First row of c.</param>
    /// <param name="tokens">Number of rows.</param>
    /// <param name="scale">Factor of the product.</param>
    /// <param name="accumulate">Whether the product is added to c.</param>
    public void Times(Activation y, int yRow, Activation w, Activation c, int cRow, int tokens, float scale, bool accumulate)
    {
        Check(y, yRow, tokens, c, cRow, tokens, y.Columns == w.Rows && c.Columns == w.Columns && w.Type == ElementType.F32);
        Run(View(y, yRow), View(w, 0), c, cRow, tokens, w.Columns, w.Rows, scale, accumulate);
    }

    /// <summary>c += scale * yᵀ . x, the gradient of a matrix.</summary>
    /// <param name="y">[tokens, rows], from <paramref name="yRow"/>.</param>
    /// <param name="yRow">First row of y.</param>
    /// <param name="x">[tokens, columns], from <paramref name="xRow"/>.</param>
    /// <param name="xRow">First row of x.</param>
    /// <param name="tokens">Number of tokens, over which the sum runs.</param>
    /// <param name="c">[rows, columns], all rows.</param>
    /// <param name="scale">Factor of the product.</param>
    public void AddTransposedTimes(Activation y, int yRow, Activation x, int xRow, int tokens, Activation c, float scale)
    {
        Check(y, yRow, tokens, x, xRow, tokens, c.Rows == y.Columns && c.Columns == x.Columns && c.Type == ElementType.F32);
        Run(View(y, yRow).Transposed, View(x, xRow), c, 0, c.Rows, c.Columns, tokens, scale, accumulate: true);
    }

    /// <summary>Frees the scratch memory.</summary>
    public void Dispose() => _scratch.Dispose();

    private static void Check(Activation x, int xRow, int xRows, Activation y, int yRow, int yRows, bool fits)
    {
        x.Check(xRow, xRows, nameof(xRow));
        y.Check(yRow, yRows, nameof(yRow));
        if (!fits || x.Type != ElementType.F32 || y.Type != ElementType.F32)
        {
            throw new ArgumentException($"The shapes of a product do not match: [{xRows}, {x.Columns}] and [{yRows}, {y.Columns}].", nameof(x));
        }
    }

    private static MatrixView View(Activation x, int row) => MatrixView.Rows((float*)x.Address(row), x.Stride / sizeof(float));

    private void Run(MatrixView a, MatrixView b, Activation c, int cRow, int rows, int columns, int depth, float scale, bool accumulate)
    {
        if (rows == 0)
        {
            return;
        }

        int across = (columns + UnitColumns - 1) / UnitColumns;
        int units = (rows + UnitRows - 1) / UnitRows * across;
        long stride = c.Stride / sizeof(float);
        nint target = (nint)c.Address(cRow);
        nint scratch = (nint)_scratch.Pointer;
        _parallel.Run(units, 1, (unit, _, worker) =>
        {
            int row = unit / across * UnitRows;
            int column = unit % across * UnitColumns;
            MatrixView left = a with { Data = (nint)a.At(row, 0) };
            MatrixView right = b with { Data = (nint)b.At(0, column) };
            TileProduct.Run(
                left, right, (float*)target + (row * stride) + column, stride, Math.Min(UnitRows, rows - row), Math.Min(UnitColumns, columns - column), depth,
                scale, accumulate, (float*)scratch + ((long)worker * TileProduct.ScratchFloats));
        });
        GC.KeepAlive(c);
    }
}
