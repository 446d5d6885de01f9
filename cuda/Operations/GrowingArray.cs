using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Memory;

namespace HunyuanOrleans.Cuda.Operations;

/// <summary>Device memory for lists of integers that the host uploads, which grows with the longest list.</summary>
internal sealed class GrowingArray(ICudaDriver driver, RowStaging staging) : IDisposable
{
    private CudaArray<int>? _array;

    /// <summary>Uploads a list. It stays until the next call; earlier work of the stream still finds the last one.</summary>
    /// <returns>Its address.</returns>
    public ulong Upload(ReadOnlySpan<int> values)
    {
        if (_array is null || _array.Length < values.Length)
        {
            CudaArray<int> larger = new(driver, staging, Math.Max(values.Length, 2 * (_array?.Length ?? 64)));
            _array?.Dispose();
            _array = larger;
        }

        _array.CopyIn(values);
        return _array.Address;
    }

    /// <inheritdoc/>
    public void Dispose() => _array?.Dispose();
}
