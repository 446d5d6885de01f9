using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Elementwise;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>A range of consecutive rows of one stored tensor.</summary>
/// <param name="Tensor">The tensor, [rows, columns] or a vector [rows].</param>
/// <param name="FirstRow">First row of the range.</param>
/// <param name="RowCount">Number of rows in the range.</param>
public readonly record struct RowRange(TensorView Tensor, int FirstRow, int RowCount)
{
    /// <summary>The scales of quantised rows; null if the rows are not quantised.</summary>
    public StoredScales? Scales { get; init; }

    /// <summary>The element type of the rows.</summary>
    public ElementType ElementType => Scales?.Type ?? Tensor.ElementType;

    /// <summary>Bytes of one row, which is also the stride of rows.</summary>
    public long RowBytes => Scales is { Provider: not null, Scales.StoredType: var type } && !type.HasBlocks() ? Scales.RowBytes : StoredRowBytes;

    private long StoredRowBytes => Tensor.Shape[0] == 0 ? 0 : Tensor.ByteLength / Tensor.Shape[0];

    /// <summary>Address of a row of the range; row 0 is <see cref="FirstRow"/>.</summary>
    public nint RowAddress(int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, RowCount);
        return Tensor.Address + (nint)((FirstRow + row) * RowBytes);
    }

    /// <summary>Mapped bytes of a row of the range, without copying them; row 0 is <see cref="FirstRow"/>.</summary>
    public ReadOnlySpan<byte> Row(int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, RowCount);
        return Tensor.Slice((FirstRow + row) * RowBytes, checked((int)RowBytes));
    }
}

/// <summary>
/// The rows of one logical matrix [rows, columns], or of a vector [rows, 1], which may be stored in several ranges of a packed tensor.
/// All ranges have the same element type. It owns no memory and is valid until the checkpoint is disposed.
/// </summary>
public sealed class RowSource : IRowReader
{
    // An array, because the embedding row of every token is read through it, and enumerating a list by its interface allocates.
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

    /// <summary>The ranges of stored rows, in the order of the logical matrix.</summary>
    public IReadOnlyList<RowRange> Ranges => _ranges;

    /// <summary>Number of rows of the logical matrix.</summary>
    public int Rows { get; }

    /// <summary>Number of elements in a row.</summary>
    public int Columns { get; }

    /// <summary>The element type of all rows.</summary>
    public ElementType ElementType { get; }

    /// <summary>Name of the first stored tensor, for messages and progress.</summary>
    public string Name => Ranges[0].Tensor.Name;

    /// <summary>Module of the matrix: unless it is set, the part of the first stored tensor's name before the last dot.</summary>
    internal string Module
    {
        get => field ?? Name[..Name.LastIndexOf('.')];
        init;
    }

    /// <summary>Names of all tensors that the rows need, including scales.</summary>
    internal IEnumerable<string> TensorNames => _ranges.SelectMany(r => r.Scales?.Names.Append(r.Tensor.Name) ?? [r.Tensor.Name]);

    /// <summary>Bytes of all rows as stored, without scales.</summary>
    public long ByteLength => _ranges.Sum(r => r.RowCount * r.RowBytes);

    /// <summary>
    /// Mapped bytes of one logical row, without copying them. It searches the ranges; to read all rows, iterate over <see cref="Ranges"/>.
    /// </summary>
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

    /// <summary>Converts one logical row to float32. <paramref name="destination"/> receives <see cref="Columns"/> values.</summary>
    public void ReadRow(int row, Span<float> destination) => Read(Row(row), _ranges[0].Tensor.StoredType, destination[..Columns]);

    /// <summary>Converts all rows to float32, [rows, columns]. Meant for norms and biases.</summary>
    public float[] ToSingles()
    {
        var values = new float[checked(Rows * Columns)];
        int at = 0;
        foreach (RowRange range in _ranges)
        {
            for (int row = 0; row < range.RowCount; row++, at += Columns)
            {
                Read(range.Row(row), range.Tensor.StoredType, values.AsSpan(at, Columns));
            }
        }

        return values;
    }

    private void Read(ReadOnlySpan<byte> row, StoredType type, Span<float> destination)
    {
        if (type.HasBlocks())
        {
            Gguf.GgufDecoder.Decode(type, row, destination);
        }
        else
        {
            Conversion.ToSingles(row, ElementType, destination);
        }
    }
}
