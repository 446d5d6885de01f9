using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Kernels.Memory;

/// <summary>
/// A reusable buffer of float32 or bfloat16 rows, [rows, columns]. The bytes between the last column and the row stride always stay
/// zero, because kernels read them as padding.
/// </summary>
public sealed unsafe class Activation : IActivation
{
    // A stride that is a multiple of 1024 gets 64 bytes more. Otherwise equal offsets of many rows would fall into the same cache set.
    private const int RowAlignment = 64;
    private readonly NativeBuffer _buffer;
    private readonly bool _owns;

    /// <summary>Allocates <paramref name="rows"/> rows of zeros.</summary>
    public Activation(int rows, int columns, ElementType type)
        : this(rows, columns, type, null)
    {
    }

    /// <summary>Creates rows at the begin of memory that the caller owns, and fills with the padding of rows as zeros.</summary>
    internal Activation(int rows, int columns, ElementType type, NativeBuffer? memory)
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
        Stride = StrideOf(columns, type);
        _owns = memory is null;
        _buffer = memory ?? new NativeBuffer(rows * Stride);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows * Stride, _buffer.ByteLength, nameof(memory));
    }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Number of elements in a row.</summary>
    public int Columns { get; }

    /// <summary>Element type, F32 or BF16.</summary>
    public ElementType Type { get; }

    /// <summary>Bytes from one row to the next.</summary>
    public long Stride { get; }

    /// <inheritdoc/>
    public int RowLength => Columns * Type.Size();

    internal byte* Pointer => _buffer.Pointer;

    /// <summary>A float32 row. The span is valid until the buffer is disposed.</summary>
    /// <exception cref="InvalidOperationException">The rows are not float32.</exception>
    public Span<float> Row(int row)
    {
        if (Type != ElementType.F32)
        {
            throw new InvalidOperationException($"The rows are {Type}, not F32.");
        }

        return new Span<float>(Address(row), Columns);
    }

    /// <summary>The bytes of a row without its padding. The span is valid until the buffer is disposed.</summary>
    public Span<byte> RowBytes(int row) => new(Address(row), RowLength);

    /// <summary>Copies rows to <paramref name="target"/>, one after the other and without padding.</summary>
    /// <param name="firstRow">First row.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="target">Receives the rows; its length is exactly rows * columns elements of <see cref="Type"/>.</param>
    public void CopyOut(int firstRow, int rows, Span<byte> target)
    {
        int bytes = CheckCopy(firstRow, rows, target.Length);
        for (int i = 0; i < rows; i++)
        {
            RowBytes(firstRow + i).CopyTo(target.Slice(i * bytes, bytes));
        }
    }

    /// <summary>Copies rows from <paramref name="source"/>, in the form that <see cref="CopyOut"/> writes.</summary>
    public void CopyIn(int firstRow, int rows, ReadOnlySpan<byte> source)
    {
        int bytes = CheckCopy(firstRow, rows, source.Length);
        for (int i = 0; i < rows; i++)
        {
            source.Slice(i * bytes, bytes).CopyTo(RowBytes(firstRow + i));
        }
    }

    /// <inheritdoc/>
    public void CopyTo(int rows, Activation target)
    {
        target.CheckTarget(this, rows);
        for (int i = 0; i < rows; i++)
        {
            RowBytes(i).CopyTo(target.RowBytes(i));
        }
    }

    /// <summary>Checks that rows can be copied here from another buffer.</summary>
    /// <exception cref="ArgumentException">There are not as many rows, or columns or types differ.</exception>
    public void CheckTarget(IActivation source, int rows)
    {
        if (rows < 0 || rows > Math.Min(Rows, source.Rows) || source.Columns != Columns || source.Type != Type)
        {
            throw new ArgumentException($"{rows} rows of {source.Type}[{source.Rows}, {source.Columns}] do not fit into {Type}[{Rows}, {Columns}].", nameof(rows));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_owns)
        {
            _buffer.Dispose();
        }
    }

    /// <summary>Bytes from one row to the next of rows of this form.</summary>
    internal static long StrideOf(int columns, ElementType type)
    {
        long bytes = ((long)columns * type.Size() + RowAlignment - 1) / RowAlignment * RowAlignment;
        return bytes % 1024 == 0 ? bytes + RowAlignment : bytes;
    }

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
            throw new ArgumentOutOfRangeException(name, $"Rows {firstRow} to {firstRow + rows} are outside a buffer of {Rows} rows.");
        }
    }

    private int CheckCopy(int firstRow, int rows, int bytes)
    {
        Check(firstRow, rows, nameof(rows));
        if ((long)rows * RowLength != bytes)
        {
            throw new ArgumentException($"{bytes} bytes do not fit {rows} rows of {Columns} {Type} elements.", nameof(bytes));
        }

        return RowLength;
    }
}
