using HunyuanOrleans.Kernels.Packing;

namespace HunyuanOrleans.Cuda.Packing;

/// <summary>Provides the 16 source rows of a row tile, reading them from their file first if they have one. Each worker has its own instance.</summary>
internal sealed class TileRows : IDisposable
{
    private const int HalfRows = CudaMatrixLayout.TileRows / 2;
    private readonly BlockRowReader _upper = new();
    private readonly BlockRowReader _lower = new();
    private readonly SourceRow[] _rows = new SourceRow[CudaMatrixLayout.TileRows];

    /// <summary>Loads the rows of a tile. Rows that the matrix does not have are zeros.</summary>
    /// <returns>The rows, valid until the next call.</returns>
    /// <exception cref="IOException">A file cannot be read, or ends before its last row.</exception>
    public ReadOnlySpan<SourceRow> Load(in CudaMatrixLayout layout, SourceRows[] sources, int tile)
    {
        int lower = layout.IsPaired ? layout.Outputs : HalfRows;
        int first = tile * (layout.IsPaired ? HalfRows : CudaMatrixLayout.TileRows);
        int end = layout.Outputs;
        Load(_upper, sources, first, Math.Min(HalfRows, end - first), _rows.AsSpan(0, HalfRows));
        Load(_lower, sources, first + lower, Math.Min(HalfRows, (layout.IsPaired ? layout.Rows : end) - first - lower), _rows.AsSpan(HalfRows));
        return _rows;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _upper.Dispose();
        _lower.Dispose();
    }

    private static void Load(BlockRowReader reader, SourceRows[] sources, int first, int count, Span<SourceRow> rows)
    {
        rows.Clear();
        if (count > 0)
        {
            reader.Load(sources, first, count);
            reader.Lanes.AsSpan(0, count).CopyTo(rows);
        }
    }
}
