using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.LowRank;

/// <summary>
/// Adds low-rank products to rows: y += scale * B (A x), several matrices and ranges of rows together. The bits of a row depend on nothing but its inputs, its
/// outputs so far and its matrix. Keep the object and reuse it: runs allocate nothing once it has grown. Not thread-safe.
/// </summary>
/// <param name="pool">The workers. Not owned.</param>
public sealed unsafe class LowRankProducts(WorkerPool pool) : IJob, IDisposable
{
    // Rows that share one pass over a piece of a matrix, which stays in the first-level cache for them.
    private const int RowsAtOnce = 16;
    private const int BlocksAtOnce = 4;

    // With fewer products than this for each worker, some would wait long for the last one.
    private const int ProductsPerWorker = 3;

    private enum Phase
    {
        Shrink,
        Expand,
        Whole,
    }

    private Item[] _items = new Item[32];
    private Unit[] _units = new Unit[256];
    private NativeBuffer? _inner;
    private long _innerFloats;
    private int _itemCount;
    private int _unitCount;
    private Phase _phase;

    /// <summary>Adds a product to the next <see cref="Run"/>. No two products of a run may write the same elements of y.</summary>
    /// <param name="matrix">The matrix.</param>
    /// <param name="x">Rows of inputs, float32 or bfloat16 [.., matrix.Inputs].</param>
    /// <param name="row">First row, in x and y.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="y">Float32 rows to add to.</param>
    /// <param name="column">Column of y of the first output.</param>
    /// <param name="blockStride">Columns from every 64 outputs to the next 64: 64 if outputs are consecutive, 128 if they alternate with others.</param>
    /// <exception cref="ArgumentException">Sizes or types do not match. The products added before are dropped.</exception>
    public void Add(LowRankMatrix matrix, Activation x, int row, int rows, Activation y, int column, int blockStride = LowRankMatrix.BlockOutputs)
    {
        int last = column + ((matrix.Blocks - 1) * blockStride) + matrix.Outputs - ((matrix.Blocks - 1) * LowRankMatrix.BlockOutputs);
        if (x.Columns != matrix.Inputs || y.Type != ElementType.F32 || column < 0 || blockStride < LowRankMatrix.BlockOutputs || last > y.Columns
            || row < 0 || rows < 0 || row > Math.Min(x.Rows, y.Rows) - rows)
        {
            Clear();
            throw new ArgumentException(
                $"Rows {row} to {row + rows} of x {x.Type}[{x.Rows}, {x.Columns}] and y {y.Type}[{y.Rows}, {y.Columns}] from column {column} "
                + $"for a matrix [{matrix.Outputs}, {matrix.Inputs}].", nameof(matrix));
        }

        for (int done = 0; done < rows; done += RowsAtOnce)
        {
            Grow(ref _items, _itemCount);
            int count = Math.Min(RowsAtOnce, rows - done);
            _items[_itemCount++] = new Item(matrix, x, y, row + done, count, column, blockStride, _innerFloats);
            _innerFloats += (long)count * matrix.Rank;
        }
    }

    /// <summary>Runs all products added since the last run.</summary>
    public void Run()
    {
        try
        {
            if (_itemCount == 0)
            {
                return;
            }

            if (_inner is null || _inner.ByteLength < _innerFloats * sizeof(float))
            {
                _inner?.Dispose();
                _inner = null;
                _inner = new NativeBuffer(_innerFloats * 2 * sizeof(float), clear: false);
            }

            // With enough products for all workers, each does whole ones, which saves one meeting of the workers. The bits are the same.
            if (_itemCount >= ProductsPerWorker * pool.Threads)
            {
                RunUnits(Phase.Whole);
                return;
            }

            RunUnits(Phase.Shrink);
            RunUnits(Phase.Expand);
        }
        finally
        {
            Clear();
        }
    }

    /// <summary>Frees the scratch memory.</summary>
    public void Dispose() => _inner?.Dispose();

    void IJob.Run(int unit, int worker)
    {
        ref readonly Unit u = ref _units[unit];
        ref readonly Item item = ref _items[u.Item];
        if (_phase == Phase.Expand)
        {
            Expand(in item, u.Part, 1);
        }
        else if (_phase == Phase.Shrink)
        {
            Shrink(in item, u.Part);
        }
        else
        {
            for (int part = 0; part < PartsToShrink(item.Matrix); part++)
            {
                Shrink(in item, part);
            }

            Expand(in item, 0, PartsToExpand(item.Matrix));
        }
    }

    private static void Grow<T>(ref T[] array, int count)
    {
        if (count == array.Length)
        {
            Array.Resize(ref array, count * 2);
        }
    }

    private static int PartsToShrink(LowRankMatrix matrix) => (matrix.Rank + LowRankKernels.RanksAtOnce - 1) / LowRankKernels.RanksAtOnce;

    private static int PartsToExpand(LowRankMatrix matrix) => (matrix.Blocks + BlocksAtOnce - 1) / BlocksAtOnce;

    private void RunUnits(Phase phase)
    {
        _phase = phase;
        _unitCount = 0;
        for (int i = 0; i < _itemCount; i++)
        {
            LowRankMatrix matrix = _items[i].Matrix;
            int parts = phase == Phase.Whole ? 1 : phase == Phase.Expand ? PartsToExpand(matrix) : PartsToShrink(matrix);
            for (int part = 0; part < parts; part++)
            {
                Grow(ref _units, _unitCount);
                _units[_unitCount++] = new Unit(i, part);
            }
        }

        pool.Run(this, _unitCount);
    }

    private void Shrink(ref readonly Item item, int part)
    {
        LowRankMatrix matrix = item.Matrix;
        int first = part * LowRankKernels.RanksAtOnce;
        int ranks = Math.Min(LowRankKernels.RanksAtOnce, matrix.Rank - first);
        byte* a = matrix.A(first);
        float* t = (float*)_inner!.Pointer + item.Inner + first;
        for (int i = 0; i < item.Rows; i++, t += matrix.Rank)
        {
            LowRankKernels.Shrink(a, matrix.AStride, matrix.Type, item.X.Address(item.Row + i), item.X.Type, matrix.Inputs, ranks, t);
        }
    }

    private void Expand(ref readonly Item item, int part, int parts)
    {
        LowRankMatrix matrix = item.Matrix;
        float* t = (float*)_inner!.Pointer + item.Inner;
        int end = Math.Min(matrix.Blocks, (part + parts) * BlocksAtOnce);
        for (int i = 0; i < item.Rows; i++, t += matrix.Rank)
        {
            float* y = (float*)item.Y.Address(item.Row + i) + item.Column;
            for (int block = part * BlocksAtOnce; block < end; block++)
            {
                int outputs = Math.Min(LowRankMatrix.BlockOutputs, matrix.Outputs - (block * LowRankMatrix.BlockOutputs));
                LowRankKernels.Expand(matrix.B(block), matrix.Type, t, matrix.Rank, matrix.Scale, y + ((long)block * item.BlockStride), outputs);
            }
        }
    }

    private void Clear()
    {
        Array.Clear(_items, 0, _itemCount);
        _itemCount = 0;
        _innerFloats = 0;
    }

    private readonly record struct Item(LowRankMatrix Matrix, Activation X, Activation Y, int Row, int Rows, int Column, int BlockStride, long Inner);

    private readonly record struct Unit(int Item, int Part);
}
