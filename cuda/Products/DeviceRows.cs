using HunyuanOrleans.Kernels;

namespace HunyuanOrleans.Cuda.Products;

/// <summary>Row-major activations or results in device memory.</summary>
/// <param name="Address">Address of the first row, a multiple of 16.</param>
/// <param name="Stride">Bytes from row to row: a multiple of 64 for activations, whose bytes between the last column and the stride are zero.</param>
/// <param name="Type">F32 or BF16.</param>
internal readonly record struct DeviceRows(ulong Address, int Stride, ElementType Type);
