namespace HunyuanOrleans.Kernels.Packing;

/// <summary>Consecutive rows of a row-major matrix in memory that the caller keeps alive while it is read.</summary>
/// <param name="Address">First element of the first row; 0 stands for rows of zeros.</param>
/// <param name="Stride">Bytes from one row to the next.</param>
/// <param name="Count">Number of rows.</param>
/// <param name="Type">Element type: F32, F16 or BF16.</param>
public readonly record struct SourceRows(nint Address, long Stride, int Count, ElementType Type)
{
    /// <summary>Rows of zeros.</summary>
    public static SourceRows Zeros(int count) => new(0, 0, count, ElementType.F32);
}
