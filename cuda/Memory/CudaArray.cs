using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using HunyuanOrleans.Cuda.Driver;

namespace HunyuanOrleans.Cuda.Memory;

/// <summary>An array in device memory.</summary>
/// <typeparam name="T">Type of its elements.</typeparam>
internal sealed class CudaArray<T> : IDisposable
    where T : unmanaged
{
    private readonly ICudaDriver _driver;
    private readonly RowStaging _staging;
    private bool _disposed;

    /// <summary>Allocates <paramref name="length"/> elements of zero.</summary>
    /// <param name="driver">The driver.</param>
    /// <param name="staging">Clears and copies the elements.</param>
    /// <param name="length">Number of elements.</param>
    public CudaArray(ICudaDriver driver, RowStaging staging, int length)
    {
        (_driver, _staging, Length) = (driver, staging, length);
        long bytes = (long)length * Unsafe.SizeOf<T>();
        Address = driver.Allocate(bytes);
        staging.Clear(Address, bytes);
    }

    /// <summary>Number of elements.</summary>
    public int Length { get; }

    /// <summary>Address of the first element.</summary>
    public ulong Address { get; }

    /// <summary>Copies values to the first elements.</summary>
    public void CopyIn(ReadOnlySpan<T> values)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(values.Length, Length, nameof(values));
        int size = Unsafe.SizeOf<T>();
        _staging.CopyIn(Address, MemoryMarshal.AsBytes(values), size, size);
    }

    /// <summary>Copies the first elements to <paramref name="values"/>.</summary>
    public void CopyOut(Span<T> values)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(values.Length, Length, nameof(values));
        int size = Unsafe.SizeOf<T>();
        _staging.CopyOut(Address, MemoryMarshal.AsBytes(values), size, size);
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
}
