using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Gradients;

/// <summary>
/// The three products of a linear layer, on the packed kernels that also serve models: y = x . wᵀ, dx = dy . w with the packed transposed weights, and
/// dw += dyᵀ . x, for which dy is transposed and x packed as weights. In bf16 the factors are rounded to bfloat16 and sums are float32. Not thread-safe.
/// </summary>
public sealed unsafe class WeightProducts : IDisposable
{
    // Tokens of one pass of a weight gradient. More would add to dw less often, and take more scratch memory.
    private const int GradientTokens = 1024;

    private readonly ElementType _type;
    private readonly MatrixProducts _products;
    private readonly RowOperations _rows;
    private readonly MatrixPacker _packer = new();
    private readonly WorkerPool _pool;
    private readonly PanelKernels _kernels;
    private readonly ParallelRows _parallel;
    private readonly Dictionary<(int Rows, int Columns), Activation> _rounded = [];
    private NativeBuffer _packed = new(0);
    private NativeBuffer _transposed = new(0);

    /// <summary>Reserves scratch memory.</summary>
    /// <param name="pool">Workers to use.</param>
    /// <param name="kernels">The kernels of the packed matrices.</param>
    /// <param name="mode">The precision of the products.</param>
    public WeightProducts(WorkerPool pool, PanelKernels kernels, ComputeMode mode)
    {
        (_pool, _kernels, _type) = (pool, kernels, mode.Element());
        _products = new MatrixProducts(pool, 1);
        _rows = new RowOperations(pool);
        _parallel = new ParallelRows(pool);
    }

    /// <summary>y = x . wᵀ, or added to y.</summary>
    /// <param name="weights">[columns of y, columns of x], quantised or of the precision of the products.</param>
    /// <param name="x">float32 rows from <paramref name="xRow"/>.</param>
    /// <param name="xRow">First row of x.</param>
    /// <param name="y">float32 rows from <paramref name="yRow"/>.</param>
    /// <param name="yRow">First row of y.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="accumulate">Whether the product is added to y.</param>
    public void Run(PackedMatrix weights, Activation x, int xRow, Activation y, int yRow, int rows, bool accumulate)
    {
        if (rows == 0)
        {
            return;
        }

        if (_type == ElementType.F32)
        {
            _products.Add(weights, x, xRow, y, yRow, rows, accumulate ? Epilogue.Add : Epilogue.Store);
        }
        else
        {
            Activation rounded = Rounded(x.Rows, x.Columns);
            _rows.Copy(x, xRow, rounded, 0, rows);
            _products.Add(weights, rounded, 0, y, yRow, rows, accumulate ? Epilogue.Add : Epilogue.Store);
        }

        _products.Run();
    }

    /// <summary>dw += dyᵀ . x.</summary>
    /// <param name="dy">float32 [tokens, rows of dw], from <paramref name="dyRow"/>.</param>
    /// <param name="dyRow">First row of dy.</param>
    /// <param name="x">float32 [tokens, columns of dw], from <paramref name="xRow"/>.</param>
    /// <param name="xRow">First row of x.</param>
    /// <param name="tokens">Number of tokens.</param>
    /// <param name="dw">float32; the gradient is added here.</param>
    public void AddWeightGradient(Activation dy, int dyRow, Activation x, int xRow, int tokens, Activation dw)
    {
        dy.Check(dyRow, tokens, nameof(dyRow));
        x.Check(xRow, tokens, nameof(xRow));
        if (dw.Rows != dy.Columns || dy.Type != ElementType.F32 || x.Type != ElementType.F32)
        {
            throw new ArgumentException(
                $"dy is {dy.Type}[{dy.Columns}], x is {x.Type}[{x.Columns}], but the gradient is [{dw.Rows}, {dw.Columns}].", nameof(dw));
        }

        for (int token = 0; token < tokens; token += GradientTokens)
        {
            int count = Math.Min(GradientTokens, tokens - token);
            int width = (count + FactorPacking.TokenUnit - 1) / FactorPacking.TokenUnit * FactorPacking.TokenUnit;
            NativeBuffer.Grow(ref _transposed, dy.Columns * Activation.StrideOf(width, _type));
            NativeBuffer.Grow(ref _packed, PackedMatrix.SizeOf(x.Columns, width, _type));
            Activation rows = new(dy.Columns, width, _type, _transposed);
            PackedMatrix weights = new(x.Columns, width, _type, _packed, 0, _kernels);
            int blocks = weights.Blocks;
            int first = token;
            _parallel.Run(blocks + ((dy.Columns + FactorPacking.ColumnUnit - 1) / FactorPacking.ColumnUnit), 1, (unit, _, _) =>
            {
                if (unit < blocks)
                {
                    FactorPacking.Pack(x, xRow + first, count, weights, unit);
                }
                else
                {
                    FactorPacking.Transpose(dy, dyRow + first, count, rows, (unit - blocks) * FactorPacking.ColumnUnit);
                }
            });
            _products.Add(weights, rows, 0, dw, 0, dw.Rows, Epilogue.Add);
            _products.Run();
        }
    }

    /// <summary>Packs float32 rows, and the transposed rows.</summary>
    /// <param name="rows">float32 [rows, columns].</param>
    /// <param name="forward">Receives the rows; null to skip them.</param>
    /// <param name="backward">Receives the transposed rows; null to skip them.</param>
    public void Pack(Activation rows, PackedMatrix? forward, PackedMatrix? backward)
    {
        if (forward is not null)
        {
            _packer.Pack(_pool, forward, [SourceRows.Of(rows)]);
        }

        if (backward is not null)
        {
            if (rows.Type != ElementType.F32 || backward.Rows != rows.Columns || backward.Columns != rows.Rows)
            {
                throw new ArgumentException(
                    $"The rows are {rows.Type}[{rows.Rows}, {rows.Columns}], but the transposed weights are [{backward.Rows}, {backward.Columns}].", nameof(backward));
            }

            _parallel.Run(backward.Blocks, 1, (block, _, _) => FactorPacking.Pack(rows, 0, rows.Rows, backward, block));
        }
    }

    /// <summary>Packs rows of any type, quantising them if the target is quantised.</summary>
    /// <param name="source">The rows.</param>
    /// <param name="target">Receives them.</param>
    /// <exception cref="IOException">A file of the rows cannot be read.</exception>
    /// <exception cref="InvalidDataException">A scale does not fit the target.</exception>
    public void Pack(MatrixSource source, PackedMatrix target) => _packer.Pack(_pool, target, source.Sources, source.InputScale);

    /// <summary>Frees scratch memory.</summary>
    public void Dispose()
    {
        _products.Dispose();
        _packer.Dispose();
        _packed.Dispose();
        _transposed.Dispose();
        foreach (Activation buffer in _rounded.Values)
        {
            buffer.Dispose();
        }
    }

    private Activation Rounded(int rows, int columns)
    {
        if (!_rounded.TryGetValue((rows, columns), out Activation? buffer))
        {
            buffer = new Activation(rows, columns, ElementType.BF16);
            _rounded.Add((rows, columns), buffer);
        }

        return buffer;
    }
}
