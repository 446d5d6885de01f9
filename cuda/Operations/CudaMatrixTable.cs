using HunyuanOrleans.Cuda.Memory;
using HunyuanOrleans.Cuda.Products;
using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Cuda.Operations;

/// <summary>
/// The addresses of experts' matrices in device memory. An expert that is not there, or not to be computed, has the address 0, at which kernels return. A
/// table is uploaded when it is used after a change.
/// </summary>
/// <param name="all">Device memory for two addresses of each expert, weights and scales.</param>
/// <param name="some">As much for a step that does not compute every expert that is there.</param>
internal sealed class CudaMatrixTable(CudaArray<ulong> all, CudaArray<ulong> some) : IMatrixTable
{
    private readonly CudaMatrix?[] _matrices = new CudaMatrix?[all.Length / 2];
    private readonly ulong[] _addresses = new ulong[all.Length];
    private readonly ulong[] _masked = new ulong[all.Length];
    private readonly ulong[] _uploadedMasked = new ulong[all.Length];
    private bool _isUploaded;

    /// <inheritdoc/>
    public int Count => _matrices.Length;

    /// <inheritdoc/>
    public IMatrix? this[int expert]
    {
        get => _matrices[expert];
        set
        {
            _matrices[expert] = (CudaMatrix?)value;
            DeviceMatrix? matrix = _matrices[expert]?.Matrix;
            (_addresses[2 * expert], _addresses[(2 * expert) + 1]) = (matrix?.Weights ?? 0, matrix?.Scales ?? 0);
            _isUploaded = false;
        }
    }

    /// <summary>The matrices of consecutive experts.</summary>
    /// <param name="first">The first expert.</param>
    /// <param name="count">Number of experts.</param>
    /// <param name="local">For each of them, whether it is computed. Empty: all are.</param>
    /// <returns>Null if none of them is there.</returns>
    public DeviceMatrix? Select(int first, int count, ReadOnlySpan<bool> local)
    {
        DeviceMatrix? any = null;
        bool masks = false;
        for (int i = 0; i < count; i++)
        {
            bool isWanted = local.IsEmpty || local[i];
            any = isWanted ? _matrices[first + i]?.Matrix ?? any : any;
            masks |= !isWanted && _matrices[first + i] is not null;
        }

        if (any is null)
        {
            return null;
        }

        ulong table = masks ? UploadMasked(first, local) : Upload();
        return DeviceMatrix.OfExperts(any.Layout, table + (ulong)(first * 2 * sizeof(ulong)), count);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        all.Dispose();
        some.Dispose();
    }

    private ulong Upload()
    {
        if (!_isUploaded)
        {
            all.CopyIn(_addresses);
            _isUploaded = true;
        }

        return all.Address;
    }

    private ulong UploadMasked(int first, ReadOnlySpan<bool> local)
    {
        _addresses.CopyTo(_masked, 0);
        for (int i = 0; i < local.Length; i++)
        {
            if (!local[i])
            {
                _masked.AsSpan(2 * (first + i), 2).Clear();
            }
        }

        if (!_masked.AsSpan().SequenceEqual(_uploadedMasked))
        {
            _masked.CopyTo(_uploadedMasked, 0);
            some.CopyIn(_masked);
        }

        return some.Address;
    }
}
