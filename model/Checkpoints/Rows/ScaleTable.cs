using HunyuanOrleans.Kernels.Elementwise;

namespace HunyuanOrleans.Model.Checkpoints.Rows;

/// <summary>The stored scales of a matrix: F32, BF16 or F16, for groups of columns or blocks of rows and columns.</summary>
/// <param name="Tensor">The scales: one, [rows], [rows, groups], or [groups, rows].</param>
/// <param name="GroupColumns">Columns that share a scale; 0 for all.</param>
/// <param name="GroupRows">Rows that share a scale.</param>
/// <param name="IsTransposed">Whether the tensor is [groups, rows].</param>
internal sealed record ScaleTable(TensorView Tensor, int GroupColumns, int GroupRows, bool IsTransposed)
{
    /// <summary>Reads the scales of a row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="columns">Columns that share a scale in the result.</param>
    /// <param name="scales">Receives the scales.</param>
    public void Read(int row, int columns, Span<float> scales)
    {
        int last = -1;
        for (int i = 0; i < scales.Length; i++)
        {
            int group = GroupColumns == 0 ? 0 : i * columns / GroupColumns;
            scales[i] = group == last ? scales[i - 1] : At(row / GroupRows, group);
            last = group;
        }
    }

    private float At(int row, int group)
    {
        long stride = Tensor.Shape.Length switch { 2 => Tensor.Shape[1], 4 => Tensor.Shape[2], _ => 1 };
        long index = IsTransposed ? (group * stride) + row : (row * stride) + group;
        int size = Tensor.StoredType.Size();
        Span<float> value = stackalloc float[1];
        Conversion.ToSingles(Tensor.Slice(index * size, size), Tensor.ElementType, value);
        return value[0];
    }
}
