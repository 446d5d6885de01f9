using HunyuanOrleans.Cuda.Products;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Cuda.Operations;

/// <summary>A weight matrix in device memory, which it does not own.</summary>
internal sealed class CudaMatrix(DeviceMatrix matrix) : IMatrix
{
    /// <summary>Where it is.</summary>
    public DeviceMatrix Matrix { get; } = matrix;

    /// <inheritdoc/>
    public int Rows => Matrix.Layout.Rows;

    /// <inheritdoc/>
    public int Columns => Matrix.Layout.Columns;

    /// <inheritdoc/>
    public ElementType Type => Matrix.Layout.Type;
}
