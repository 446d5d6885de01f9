using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Cuda.Packing;

/// <summary>
/// Packs row-major weights into host memory in the layout of <see cref="CudaMatrixLayout"/>, converting or quantising them on the way to the same
/// values as on the CPU. A matrix can be packed in parts, so that the memory need not hold all of it. Not thread-safe.
/// </summary>
internal sealed unsafe class CudaMatrixPacker : IJob, IDisposable
{
    private readonly List<TileRows> _workers = [];
    private CudaMatrixLayout _layout;
    private SourceRows[] _sources = [];
    private int _firstTile;
    private byte* _weights;
    private byte* _scales;

    /// <summary>Packs a range of row tiles.</summary>
    /// <param name="pool">Workers to use.</param>
    /// <param name="layout">The layout of the matrix.</param>
    /// <param name="sources">All rows of the matrix in order. Their counts sum to <c>layout.Rows</c>, each row has <c>layout.Columns</c> elements.</param>
    /// <param name="firstTile">First row tile.</param>
    /// <param name="tiles">Number of row tiles.</param>
    /// <param name="weights">Receives <see cref="CudaMatrixLayout.WeightTileBytes"/> for each row tile.</param>
    /// <param name="scales">Receives <see cref="CudaMatrixLayout.ScaleTileBytes"/> for each row tile.</param>
    /// <exception cref="ArgumentException">The sources cannot become this matrix, or a span has another length.</exception>
    /// <exception cref="IOException">A source file cannot be read, or ends before its last row.</exception>
    /// <exception cref="InvalidDataException">A stored scale of I4 rows is too large for float16.</exception>
    public void Pack(
        WorkerPool pool, in CudaMatrixLayout layout, IReadOnlyList<SourceRows> sources, int firstTile, int tiles, Span<byte> weights, Span<byte> scales)
    {
        MatrixPacker.Check(layout.Rows, layout.Type, sources);
        ArgumentOutOfRangeException.ThrowIfNegative(firstTile);
        ArgumentOutOfRangeException.ThrowIfNegative(tiles);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstTile, layout.RowTiles - tiles);
        if (weights.Length != tiles * layout.WeightTileBytes || scales.Length != tiles * layout.ScaleTileBytes)
        {
            throw new ArgumentException($"{weights.Length} bytes for weights and {scales.Length} for scales do not match {tiles} row tiles.", nameof(weights));
        }

        while (_workers.Count < pool.Threads)
        {
            _workers.Add(new TileRows());
        }

        _layout = layout;
        _sources = [.. sources];
        _firstTile = firstTile;
        fixed (byte* weightStart = weights)
        fixed (byte* scaleStart = scales)
        {
            _weights = weightStart;
            _scales = scaleStart;
            pool.Run(this, tiles);
        }
    }

    /// <summary>Frees the scratch memory.</summary>
    public void Dispose()
    {
        _workers.ForEach(static worker => worker.Dispose());
        _workers.Clear();
    }

    /// <inheritdoc/>
    void IJob.Run(int unit, int worker)
    {
        ReadOnlySpan<SourceRow> rows = _workers[worker].Load(_layout, _sources, _firstTile + unit);
        byte* weights = _weights + (unit * _layout.WeightTileBytes);
        if (_layout.Type == ElementType.F32)
        {
            EncodeFloat32(rows, weights);
        }
        else
        {
            TileEncoder.Encode(_layout, rows, weights, _scales + (unit * _layout.ScaleTileBytes));
        }
    }

    private void EncodeFloat32(ReadOnlySpan<SourceRow> rows, byte* weights)
    {
        int rowBytes = _layout.PaddedColumns * sizeof(float);
        foreach (SourceRow row in rows)
        {
            TileEncoder.Read(ElementType.F32, row, 0, 0, _layout.Columns, weights);
            new Span<byte>(weights + (_layout.Columns * sizeof(float)), rowBytes - (_layout.Columns * sizeof(float))).Clear();
            weights += rowBytes;
        }
    }
}
