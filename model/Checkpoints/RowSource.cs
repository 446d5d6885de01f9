using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Elementwise;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>A run of rows of one stored tensor.</summary>
/// <param name="Tensor">The tensor, [rows, columns] or a vector [rows].</param>
/// <param name="FirstRow">First row of the run.</param>
/// <param name="RowCount">Rows in the run.</param>
public readonly record struct RowRange(TensorView Tensor, int FirstRow, int RowCount)
{
    /// <summary>The scales of quantised rows; null where elements are values.</summary>
    public StoredScales? Scales { get; init; }

    /// <summary>How elements are stored.</summary>
    public ElementType ElementType => Scales?.Type ?? Tensor.ElementType;

    /// <summary>Bytes of one row, which is also the distance between rows.</summary>
    public long RowBytes => Tensor.Shape[0] == 0 ? 0 : Tensor.ByteLength / Tensor.Shape[0];

    /// <summary>Address of the row <paramref name="row"/> of the run (0 is <see cref="FirstRow"/>).</summary>
    public nint RowAddress(int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, RowCount);
        return Tensor.Address + (nint)((FirstRow + row) * RowBytes);
    }

    /// <summary>Mapped bytes of that row, not a copy.</summary>
    public ReadOnlySpan<byte> Row(int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, RowCount);
        return Tensor.Slice((FirstRow + row) * RowBytes, checked((int)RowBytes));
    }
}

/// <summary>
/// The rows of one logical matrix [rows, columns] (a vector: [rows, 1]) in order, wherever packed files keep them. All ranges have one
/// element type. Owns nothing: valid until the checkpoint is disposed.
/// </summary>
public sealed class RowSource
{
    // An array, since single rows are read on the path of every token, where an enumerator would be garbage.
    private readonly RowRange[] _ranges;

    internal RowSource(RowRange[] ranges, int columns)
    {
        _ranges = ranges;
        Columns = columns;
        ElementType = ranges[0].ElementType;
        foreach (RowRange range in ranges)
        {
            Rows += range.RowCount;
        }
    }

    /// <summary>Runs of stored rows, in the logical matrix's order.</summary>
    public IReadOnlyList<RowRange> Ranges => _ranges;

    /// <summary>Rows of the logical matrix.</summary>
    public int Rows { get; }

    /// <summary>Elements of a row.</summary>
    public int Columns { get; }

    /// <summary>How elements are stored.</summary>
    public ElementType ElementType { get; }

    /// <summary>The first stored tensor's name, for messages and progress.</summary>
    public string Name => Ranges[0].Tensor.Name;

    /// <summary>The module the first stored tensor belongs to: its name without what follows the last dot.</summary>
    internal string Module => Name[..Name.LastIndexOf('.')];

    /// <summary>Names of every tensor that the rows need, scales included.</summary>
    internal IEnumerable<string> TensorNames => _ranges.SelectMany(r => r.Scales?.Names.Append(r.Tensor.Name) ?? [r.Tensor.Name]);

    /// <summary>Bytes of all rows as stored, without scales.</summary>
    public long ByteLength => _ranges.Sum(r => r.RowCount * r.RowBytes);

    /// <summary>Mapped bytes of one logical row, not a copy. For occasional rows; packers walk <see cref="Ranges"/>.</summary>
    public ReadOnlySpan<byte> Row(int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        foreach (RowRange range in _ranges)
        {
            if (row < range.RowCount)
            {
                return range.Row(row);
            }

            row -= range.RowCount;
        }

        throw new ArgumentOutOfRangeException(nameof(row));
    }

    /// <summary>One logical row as float32; <paramref name="destination"/> holds <see cref="Columns"/> values.</summary>
    public void ReadRow(int row, Span<float> destination) => Conversion.ToSingles(Row(row), ElementType, destination[..Columns]);

    /// <summary>All rows as float32, [rows, columns]. Meant for vectors: norms and biases.</summary>
    public float[] ToSingles()
    {
        var values = new float[checked(Rows * Columns)];
        int at = 0;
        foreach (RowRange range in _ranges)
        {
            for (int row = 0; row < range.RowCount; row++, at += Columns)
            {
                Conversion.ToSingles(range.Row(row), ElementType, values.AsSpan(at, Columns));
            }
        }

        return values;
    }
}
