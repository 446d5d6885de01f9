using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Gradients;

/// <summary>
/// The three products of a linear layer, on the packed kernels that also serve models: y = x . wᵀ, dx = dy . w with the packed transposed weights, and
/// dw += dyᵀ . x, for which x is transposed and packed as weights. In bf16 the factors are rounded to bfloat16 and sums are float32. Not thread-safe.
/// </summary>
public sealed unsafe class WeightProducts : IDisposable
{
    // Tokens of one pass of a weight gradient. Fewer tokens are padded with zeros to one of a few widths, so that few buffers are needed.
    private const int GradientTokens = 512;

    private readonly ElementType _type;
    private readonly MatrixProducts _products;
    private readonly RowOperations _rows;
    private readonly MatrixPacker _packer = new();
    private readonly WorkerPool _pool;
    private readonly PanelKernels _kernels;
    private readonly Dictionary<(int Slot, int Rows, int Columns), Activation> _buffers = [];
    private NativeBuffer _packed = new(0);

    /// <summary>Reserves scratch memory.</summary>
    /// <param name="pool">Workers to use.</param>
    /// <param name="kernels">The kernels of the packed matrices.</param>
    /// <param name="mode">The precision of the products.</param>
    public WeightProducts(WorkerPool pool, PanelKernels kernels, ComputeMode mode)
    {
        (_pool, _kernels, _type) = (pool, kernels, mode.Element());
        _products = new MatrixProducts(pool, 1);
        _rows = new RowOperations(pool);
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
            Activation rounded = Buffer(0, x.Rows, x.Columns, ElementType.BF16);
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
        ArgumentOutOfRangeException.ThrowIfNotEqual(dw.Rows, dy.Columns);
        for (int token = 0; token < tokens; token += GradientTokens)
        {
            int count = Math.Min(GradientTokens, tokens - token);
            int width = Width(count);
            Activation y = Buffer(1, dy.Columns, width, _type);
            Activation columns = Buffer(2, x.Columns, width, _type);
            _rows.Transpose(dy, dyRow + token, count, y);
            _rows.Transpose(x, xRow + token, count, columns);
            _products.Add(Packed(columns), y, 0, dw, 0, dw.Rows, Epilogue.Add);
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
            using Activation transposed = new(rows.Columns, rows.Rows, backward.Type);
            _rows.Transpose(rows, 0, rows.Rows, transposed);
            _packer.Pack(_pool, backward, [SourceRows.Of(transposed)]);
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
        foreach (Activation buffer in _buffers.Values)
        {
            buffer.Dispose();
        }
    }

    private static int Width(int tokens)
    {
        int width = 32;
        while (width < tokens)
        {
            width *= 2;
        }

        return width;
    }

    private PackedMatrix Packed(Activation rows)
    {
        long bytes = PackedMatrix.SizeOf(rows.Rows, rows.Columns, _type);
        if (_packed.ByteLength < bytes)
        {
            _packed.Dispose();
            _packed = new NativeBuffer(bytes, clear: false);
        }

        PackedMatrix matrix = new(rows.Rows, rows.Columns, _type, _packed, 0, _kernels);
        _packer.Pack(_pool, matrix, [SourceRows.Of(rows)]);
        return matrix;
    }

    private Activation Buffer(int slot, int rows, int columns, ElementType type)
    {
        if (!_buffers.TryGetValue((slot, rows, columns), out Activation? buffer))
        {
            buffer = new Activation(rows, columns, type);
            _buffers.Add((slot, rows, columns), buffer);
        }

        return buffer;
    }
}
