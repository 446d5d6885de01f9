using HunyuanOrleans.Cuda.Packing;

namespace HunyuanOrleans.Cuda.Products;

/// <summary>A weight matrix in device memory, or as many matrices of one layout as there are experts.</summary>
/// <param name="Layout">The layout of each matrix.</param>
/// <param name="Weights">Address of the weights of the one matrix, or 0 if there is a table.</param>
/// <param name="Scales">Address of the scales of the one matrix. Matrices without scales do not use it.</param>
internal sealed record DeviceMatrix(CudaMatrixLayout Layout, ulong Weights, ulong Scales)
{
    /// <summary>Address of a table in device memory with the addresses of the weights and of the scales of each expert, or 0 for one matrix.</summary>
    public ulong Table { get; init; }

    /// <summary>Number of matrices.</summary>
    public int Experts { get; init; } = 1;

    /// <summary>The matrix that begins at an address, with weights and scales as its layout says.</summary>
    public static DeviceMatrix At(in CudaMatrixLayout layout, ulong address) => new(layout, address, address + (ulong)layout.ScaleOffset);

    /// <summary>The matrices of experts.</summary>
    /// <param name="layout">The layout of each.</param>
    /// <param name="table">Address of the table.</param>
    /// <param name="experts">Number of experts.</param>
    public static DeviceMatrix OfExperts(in CudaMatrixLayout layout, ulong table, int experts) => new(layout, 0, 0) { Table = table, Experts = experts };
}
