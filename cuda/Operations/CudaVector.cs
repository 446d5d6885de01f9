using HunyuanOrleans.Cuda.Memory;
using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Cuda.Operations;

/// <summary>A vector in device memory: a buffer of one row.</summary>
internal sealed class CudaVector(CudaActivation row) : IVector
{
    /// <summary>The row.</summary>
    public CudaActivation Row { get; } = row;

    /// <inheritdoc/>
    public int Length => Row.Columns;

    /// <inheritdoc/>
    public void Dispose() => Row.Dispose();
}
