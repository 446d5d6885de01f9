namespace HunyuanOrleans.Kernels.Gradients;

/// <summary>Addresses of the elements of a float32 matrix that is stored by rows or by columns. It does not own the memory.</summary>
/// <param name="Data">The first element.</param>
/// <param name="RowStride">Floats from one row to the next.</param>
/// <param name="ColumnStride">Floats from one column to the next.</param>
internal readonly unsafe record struct MatrixView(nint Data, long RowStride, long ColumnStride)
{
    /// <summary>A matrix that is stored by rows.</summary>
    public static MatrixView Rows(float* data, long stride) => new((nint)data, stride, 1);

    /// <summary>The transposed matrix, without moving its elements.</summary>
    public MatrixView Transposed => new(Data, ColumnStride, RowStride);

    /// <summary>Address of an element.</summary>
    public float* At(long row, long column) => (float*)Data + (row * RowStride) + (column * ColumnStride);
}
