namespace HunyuanOrleans.Kernels.Memory;

/// <summary>
/// A reusable buffer of rows, [rows, columns], of float32 or bfloat16. The space behind the last column up to the row stride stays
/// zero for ever: kernels read it as padding. It does not know what the rows mean.
/// </summary>
public sealed unsafe class Activation : IDisposable
{
    // Rows start 64 bytes apart from a power of two, else equal offsets of many rows fall into one cache set.
    private const int RowAlignment = 64;
    private readonly NativeBuffer _buffer;

    /// <summary>Reserves room for <paramref name="rows"/> rows.</summary>
    public Activation(int rows, int columns, ElementType type)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        if (type is not (ElementType.F32 or ElementType.BF16))
        {
            throw new ArgumentOutOfRangeException(nameof(type), type, "Activations are F32 or BF16.");
        }

        Rows = rows;
        Columns = columns;
        Type = type;
        long bytes = ((long)columns * type.Size() + RowAlignment - 1) / RowAlignment * RowAlignment;
        Stride = bytes % 1024 == 0 ? bytes + RowAlignment : bytes;
        _buffer = new NativeBuffer(rows * Stride);
    }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Elements of a row.</summary>
    public int Columns { get; }

    /// <summary>Element type, F32 or BF16.</summary>
    public ElementType Type { get; }

    /// <summary>Bytes from one row to the next.</summary>
    public long Stride { get; }

    internal byte* Pointer => _buffer.Pointer;

    /// <summary>A float32 row; valid until disposed.</summary>
    public Span<float> Row(int row)
    {
        if (Type != ElementType.F32)
        {
            throw new InvalidOperationException($"The rows are {Type}, not F32.");
        }

        return new Span<float>(Address(row), Columns);
    }

    /// <summary>The bytes of a row without its padding; valid until disposed.</summary>
    public Span<byte> RowBytes(int row) => new(Address(row), Columns * Type.Size());

    /// <summary>Copies rows out, one behind the other without padding: what travels when rows travel.</summary>
    /// <param name="firstRow">First row.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="target">Receives rows * columns elements of <see cref="Type"/>, exactly.</param>
    public void CopyOut(int firstRow, int rows, Span<byte> target)
    {
        int bytes = CheckCopy(firstRow, rows, target.Length);
        for (int i = 0; i < rows; i++)
        {
            RowBytes(firstRow + i).CopyTo(target.Slice(i * bytes, bytes));
        }
    }

    /// <summary>Copies rows in: the reverse of <see cref="CopyOut"/>.</summary>
    public void CopyIn(int firstRow, int rows, ReadOnlySpan<byte> source)
    {
        int bytes = CheckCopy(firstRow, rows, source.Length);
        for (int i = 0; i < rows; i++)
        {
            source.Slice(i * bytes, bytes).CopyTo(RowBytes(firstRow + i));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    internal byte* Address(int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
        return _buffer.Pointer + (row * Stride);
    }

    internal void Check(int firstRow, int rows, string name)
    {
        if (firstRow < 0 || rows < 0 || firstRow > Rows - rows)
        {
            throw new ArgumentOutOfRangeException(name, $"Rows {firstRow} to {firstRow + rows} leave a buffer of {Rows} rows.");
        }
    }

    private int CheckCopy(int firstRow, int rows, int bytes)
    {
        Check(firstRow, rows, nameof(rows));
        int row = Columns * Type.Size();
        if ((long)rows * row != bytes)
        {
            throw new ArgumentException($"{bytes} bytes for {rows} rows of {Columns} {Type}.", nameof(bytes));
        }

        return row;
    }
}
