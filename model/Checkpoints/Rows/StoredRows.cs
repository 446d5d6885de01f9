using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Model.Checkpoints.Rows;

/// <summary>
/// Provides the rows of a quantised matrix in the form that kernels pack, whatever the form of the checkpoint. Codes, scales and zero points are kept, so
/// nothing is rounded a second time.
/// </summary>
/// <param name="codes">The stored codes.</param>
/// <param name="type">Element type of the provided rows.</param>
/// <param name="columns">Number of columns.</param>
/// <param name="scales">The stored scales.</param>
/// <param name="zeroPoints">The stored zero points; null if there are none, which means the middle of the codes.</param>
internal sealed class StoredRows(ICodeRows codes, ElementType type, int columns, ScaleTable scales, ZeroPoints? zeroPoints) : IRowProvider
{
    private readonly int _groupColumns = type switch
    {
        ElementType.F8E4M3Block => WeightScheme.BlockSize,
        ElementType.I8 or ElementType.F8E4M3 => columns,
        _ => WeightScheme.GroupColumns,
    };

    /// <summary>Bytes of the codes of a row, padded to whole 32-bit numbers.</summary>
    public int RowBytes { get; } = type is ElementType.I4 or ElementType.U4 ? (columns + 7) / 8 * 4 : (columns + 3) / 4 * 4;

    /// <inheritdoc/>
    public int ScalesPerRow => (columns + _groupColumns - 1) / _groupColumns;

    /// <inheritdoc/>
    public (nint Address, long Bytes) Extent => (codes.Tensor.Address, codes.Tensor.ByteLength);

    /// <inheritdoc/>
    public void Read(int first, int count, Span<byte> target, Span<float> targetScales, Span<byte> targetZeroPoints)
    {
        codes.Read(first, count, target, RowBytes);
        if (type == ElementType.I8)
        {
            ToSigned(target);
        }

        for (int i = 0; i < count; i++)
        {
            int row = first + i, at = i * ScalesPerRow;
            scales.Read(row, _groupColumns, targetScales.Slice(at, ScalesPerRow));
            if (targetZeroPoints.Length > 0)
            {
                ReadZeroPoints(row, targetZeroPoints.Slice(at, ScalesPerRow));
            }
            else if (zeroPoints is not null)
            {
                RequireMiddle(row);
            }
        }
    }

    private int Middle => type is ElementType.I4 or ElementType.U4 ? 8 : 128;

    private void ReadZeroPoints(int row, Span<byte> target)
    {
        if (zeroPoints is null)
        {
            target.Fill((byte)Middle);
        }
        else
        {
            zeroPoints.Read(row, _groupColumns, target);
        }
    }

    private void RequireMiddle(int row)
    {
        for (int column = 0; column < columns; column += WeightScheme.GroupColumns)
        {
            int stored = zeroPoints!.OfColumn(row, column);
            if (stored != Middle)
            {
                throw new InvalidDataException(
                    $"row {row} of \"{codes.Tensor.Name}\" in {codes.Tensor.File} has the zero point {stored}, although its config says that it is " +
                    $"symmetric; allowed: {Middle}, or \"sym\" false.");
            }
        }
    }

    private static void ToSigned(Span<byte> codes)
    {
        foreach (ref byte code in codes)
        {
            code ^= 0x80;
        }
    }
}
