using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Cuda.Memory;

/// <summary>
/// A reusable buffer of float32 or bf16 rows in device memory, [rows, columns]. The bytes between the last column and the stride always stay zero,
/// because kernels read them as padding.
/// </summary>
internal sealed class CudaActivation : IActivation
{
    private const int RowAlignment = 64;
    private readonly ICudaDriver _driver;
    private readonly RowStaging _staging;
    private bool _disposed;

    /// <summary>Allocates <paramref name="rows"/> rows of zeros.</summary>
    /// <param name="driver">The driver.</param>
    /// <param name="staging">Clears and copies the rows.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="columns">Number of elements in a row.</param>
    /// <param name="type">F32 or BF16.</param>
    public CudaActivation(ICudaDriver driver, RowStaging staging, int rows, int columns, ElementType type)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        if (type is not (ElementType.F32 or ElementType.BF16))
        {
            throw new ArgumentOutOfRangeException(nameof(type), type, "Activations are F32 or BF16.");
        }

        (_driver, _staging, Rows, Columns, Type) = (driver, staging, rows, columns, type);
        Stride = ((columns * type.Size()) + RowAlignment - 1) / RowAlignment * RowAlignment;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Stride, staging.HalfBytes, nameof(columns));
        Address = driver.Allocate(Bytes);
        staging.Clear(Address, Bytes);
    }

    /// <inheritdoc/>
    public int Rows { get; }

    /// <summary>Number of elements in a row.</summary>
    public int Columns { get; }

    /// <summary>Element type, F32 or BF16.</summary>
    public ElementType Type { get; }

    /// <summary>Bytes from one row to the next.</summary>
    public int Stride { get; }

    /// <summary>Address of the first row.</summary>
    public ulong Address { get; }

    /// <summary>Bytes of device memory.</summary>
    public long Bytes => (long)Rows * Stride;

    /// <inheritdoc/>
    public int RowLength => Columns * Type.Size();

    /// <summary>Address of a row.</summary>
    public ulong RowAddress(int row) => Address + ((ulong)row * (ulong)Stride);

    /// <inheritdoc/>
    public void CopyOut(int firstRow, int rows, Span<byte> target)
    {
        CheckCopy(firstRow, rows, target.Length);
        _staging.CopyOut(RowAddress(firstRow), target, RowLength, Stride);
    }

    /// <inheritdoc/>
    public void CopyTo(int rows, Activation target)
    {
        target.CheckTarget(this, rows);
        _staging.CopyOut(Address, target, rows, RowLength, Stride);
    }

    /// <inheritdoc/>
    public void CopyIn(int firstRow, int rows, ReadOnlySpan<byte> source)
    {
        CheckCopy(firstRow, rows, source.Length);
        _staging.CopyIn(RowAddress(firstRow), source, RowLength, Stride);
    }

    /// <summary>Checks that rows are inside the buffer.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They are not.</exception>
    public void Check(int firstRow, int rows, string name)
    {
        if (firstRow < 0 || rows < 0 || firstRow > Rows - rows)
        {
            throw new ArgumentOutOfRangeException(name, $"Rows {firstRow} to {firstRow + rows} are outside a buffer of {Rows} rows.");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _driver.Free(Address);
        }
    }

    private void CheckCopy(int firstRow, int rows, int bytes)
    {
        Check(firstRow, rows, nameof(rows));
        if ((long)rows * RowLength != bytes)
        {
            throw new ArgumentException($"{bytes} bytes do not fit {rows} rows of {Columns} {Type} elements.", nameof(bytes));
        }
    }
}
