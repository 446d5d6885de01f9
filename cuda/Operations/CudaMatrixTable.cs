using HunyuanOrleans.Cuda.Memory;
using HunyuanOrleans.Cuda.Products;
using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Cuda.Operations;

/// <summary>
/// The addresses of experts' matrices in device memory. An expert that is not there, or not to be computed, has the address 0, at which kernels return. The
/// table is uploaded when it is used after a change.
/// </summary>
internal sealed class CudaMatrixTable : IMatrixTable
{
    private readonly CudaMatrix?[] _matrices;
    private readonly CudaArray<ulong> _table;
    private readonly ulong[] _addresses;
    private readonly ulong[] _uploaded;

    /// <summary>Allocates the table.</summary>
    /// <param name="table">Two addresses for each expert, weights and scales.</param>
    public CudaMatrixTable(CudaArray<ulong> table)
    {
        _table = table;
        _matrices = new CudaMatrix?[table.Length / 2];
        _addresses = new ulong[table.Length];
        _uploaded = new ulong[table.Length];
    }

    /// <inheritdoc/>
    public int Count => _matrices.Length;

    /// <inheritdoc/>
    public IMatrix? this[int expert]
    {
        get => _matrices[expert];
        set => _matrices[expert] = (CudaMatrix?)value;
    }

    /// <summary>The matrices of consecutive experts.</summary>
    /// <param name="first">The first expert.</param>
    /// <param name="count">Number of experts.</param>
    /// <param name="local">For each of them, whether it is computed. Empty: all are.</param>
    /// <returns>Null if none of them is there.</returns>
    public DeviceMatrix? Select(int first, int count, ReadOnlySpan<bool> local)
    {
        Array.Clear(_addresses);
        DeviceMatrix? any = null;
        for (int i = 0; i < count; i++)
        {
            if (_matrices[first + i] is { } expert && (local.IsEmpty || local[i]))
            {
                any = expert.Matrix;
                (_addresses[2 * (first + i)], _addresses[(2 * (first + i)) + 1]) = (any.Weights, any.Scales);
            }
        }

        if (any is null)
        {
            return null;
        }

        if (!_addresses.AsSpan().SequenceEqual(_uploaded))
        {
            _addresses.CopyTo(_uploaded, 0);
            _table.CopyIn(_uploaded);
        }

        return DeviceMatrix.OfExperts(any.Layout, _table.Address + (ulong)(first * 2 * sizeof(ulong)), count);
    }

    /// <inheritdoc/>
    public void Dispose() => _table.Dispose();
}
