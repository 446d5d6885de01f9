using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Gradients;

/// <summary>
/// dx = dy . w for quantised weights that are packed for y = x . wᵀ only. Some rows of w at a time are widened to code times scale and packed transposed, so
/// scratch memory is bounded whatever the size of w. In bf16, widened weights and dy are rounded to bfloat16. A sum runs over the rows of w in order, in parts
/// whose size depends on the shape of w alone. The number of workers changes no bit. Not thread-safe.
/// </summary>
public sealed unsafe class TransposedProducts : IDisposable
{
    // Widened values of one part, 8 MB in bf16: large enough that adding parts to dx costs little beside the products.
    private const int PartValues = 4 << 20;

    // With fewer rows in a part, adding to dx would cost as much as the products.
    private const int MinPartRows = 512;

    private const int ColumnsPerUnit = 2 * PanelWidening.ColumnUnit;

    private readonly ElementType _type;
    private readonly WorkerPool _pool;
    private readonly PanelKernels _kernels;
    private readonly ParallelRows _parallel;
    private readonly MatrixProducts _products;
    private readonly MatrixPacker _packer = new();
    private readonly Dictionary<int, Activation> _factors = [];
    private NativeBuffer _widened = new(0);
    private NativeBuffer _packed = new(0);

    /// <summary>Reserves scratch memory.</summary>
    /// <param name="pool">Workers to use.</param>
    /// <param name="kernels">The kernels that multiply widened weights.</param>
    /// <param name="mode">The precision of the products.</param>
    public TransposedProducts(WorkerPool pool, PanelKernels kernels, ComputeMode mode)
    {
        (_pool, _kernels, _type) = (pool, kernels, mode.Element());
        _parallel = new ParallelRows(pool);
        _products = new MatrixProducts(pool, 1);
    }

    /// <summary>Bytes of scratch memory for the widened weights of the largest product so far.</summary>
    public long ScratchBytes => _widened.ByteLength + _packed.ByteLength;

    /// <summary>dx = dy . w, or added to dx.</summary>
    /// <param name="weights">Quantised, [columns of dy, columns of dx].</param>
    /// <param name="dy">float32 rows from <paramref name="dyRow"/>.</param>
    /// <param name="dyRow">First row of dy.</param>
    /// <param name="dx">float32 rows from <paramref name="dxRow"/>.</param>
    /// <param name="dxRow">First row of dx.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="accumulate">Whether the product is added to dx.</param>
    /// <exception cref="ArgumentException">Types or sizes do not match.</exception>
    public void Run(PackedMatrix weights, Activation dy, int dyRow, Activation dx, int dxRow, int rows, bool accumulate)
    {
        dy.Check(dyRow, rows, nameof(dyRow));
        dx.Check(dxRow, rows, nameof(dxRow));
        bool types = weights.Type.IsQuantized() && dy.Type == ElementType.F32 && dx.Type == ElementType.F32;
        if (!types || dy.Columns != weights.Rows || dx.Columns != weights.Columns)
        {
            throw new ArgumentException(
                $"dy is {dy.Type}[{dy.Columns}], dx is {dx.Type}[{dx.Columns}], but the weights are {weights.Type}[{weights.Rows}, {weights.Columns}].",
                nameof(weights));
        }

        if (rows == 0)
        {
            return;
        }

        int part = PartRows(weights.Columns);
        for (int first = 0; first < weights.Rows; first += part)
        {
            int count = Math.Min(part, weights.Rows - first);
            PackedMatrix transposed = Transpose(weights, first, count);
            Activation factor = Factor(dy, dyRow, first, count, rows, transposed.Columns);
            _products.Add(transposed, factor, 0, dx, dxRow, rows, accumulate || first > 0 ? Epilogue.Add : Epilogue.Store);
            _products.Run();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _products.Dispose();
        _packer.Dispose();
        _widened.Dispose();
        _packed.Dispose();
        foreach (Activation factor in _factors.Values)
        {
            factor.Dispose();
        }
    }

    private static int PartRows(int columns) => Math.Max(MinPartRows, PartValues / columns / PanelKernels.BlockRows * PanelKernels.BlockRows);

    // Rows [first, first + count) of w, transposed and packed. Padding of the last panel adds columns of zeros.
    private PackedMatrix Transpose(PackedMatrix weights, int first, int count)
    {
        int padded = (count + PanelKernels.PanelRows - 1) / PanelKernels.PanelRows * PanelKernels.PanelRows;
        int columns = weights.Columns;

        long stride = Activation.StrideOf(padded, _type);
        NativeBuffer.Grow(ref _widened, columns * stride);
        NativeBuffer.Grow(ref _packed, PackedMatrix.SizeOf(columns, padded, _type));
        nint target = (nint)_widened.Pointer;
        int firstBlock = first / PanelKernels.BlockRows;
        int blocks = (count + PanelKernels.BlockRows - 1) / PanelKernels.BlockRows;
        int across = (columns + ColumnsPerUnit - 1) / ColumnsPerUnit;
        _parallel.Run(blocks * across, 1, (unit, _, _) =>
        {
            int block = unit % blocks;
            int column = unit / blocks * ColumnsPerUnit;
            PanelWidening widening = new()
            {
                Weights = weights,
                Block = firstBlock + block,
                Target = (byte*)target + ((long)block * PanelKernels.BlockRows * _type.Size()),
                Stride = stride,
                Type = _type,
            };
            widening.Run(column, Math.Min(ColumnsPerUnit, columns - column));
        });
        PackedMatrix transposed = new(columns, padded, _type, _packed, 0, _kernels);
        _packer.Pack(_pool, transposed, [new SourceRows(target, stride, columns, _type)]);
        return transposed;
    }

    // Columns [first, first + count) of dy in the type of the product. Columns past them are zero.
    private Activation Factor(Activation dy, int dyRow, int first, int count, int rows, int columns)
    {
        if (!_factors.TryGetValue(columns, out Activation? factor) || factor.Rows < rows)
        {
            factor?.Dispose();
            _factors[columns] = factor = new Activation(rows, columns, _type);
        }

        const int RowsPerUnit = 16;
        _parallel.Run(rows, RowsPerUnit, (from, end, _) =>
        {
            for (int row = from; row < end; row++)
            {
                byte* target = factor.Address(row);
                Conversion.Convert((byte*)((float*)dy.Address(dyRow + row) + first), ElementType.F32, target, _type, count);
                new Span<byte>(target + (count * _type.Size()), (columns - count) * _type.Size()).Clear();
            }
        });
        return factor;
    }
}
