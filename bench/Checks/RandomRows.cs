using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Elementwise;

namespace HunyuanOrleans.Bench.Checks;

/// <summary>Random rows of an embedding, with values of a type.</summary>
internal sealed class RandomRows(int rows, int columns, ElementType type) : IRowReader
{
    private readonly float[] _values = [.. DevicePair.RandomValues(rows * columns, 10)
        .Select(value => type == ElementType.BF16 ? Conversion.ToSingle(Conversion.ToBf16(value)) : value)];

    /// <inheritdoc/>
    public int Rows => rows;

    /// <inheritdoc/>
    public int Columns => columns;

    /// <inheritdoc/>
    public void ReadRow(int row, Span<float> destination) => _values.AsSpan(row * columns, columns).CopyTo(destination);
}
