using System.Buffers.Binary;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Model.Checkpoints.Rows;

/// <summary>The stored zero points of a matrix, as codes without a sign.</summary>
/// <param name="tensor">
/// int32 of packed zero points: [groups, rows * bits / 32] for GPTQ and AWQ, [rows * bits / 32, groups] for compressed-tensors; or int8 [rows, groups].
/// </param>
/// <param name="form">The form of the checkpoint.</param>
/// <param name="bits">Bits of a code.</param>
/// <param name="groupColumns">Columns that share a zero point; 0 for all.</param>
internal sealed class ZeroPoints(TensorView tensor, StoredForm form, int bits, int groupColumns)
{
    private readonly int _perNumber = 32 / bits;
    private readonly int _mask = (1 << bits) - 1;

    /// <summary>Reads the zero points of a row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="columns">Columns that share a zero point in the result.</param>
    /// <param name="zeroPoints">Receives the zero points.</param>
    public void Read(int row, int columns, Span<byte> zeroPoints)
    {
        int last = -1;
        for (int i = 0; i < zeroPoints.Length; i++)
        {
            int group = groupColumns == 0 ? 0 : i * columns / groupColumns;
            zeroPoints[i] = group == last ? zeroPoints[i - 1] : (byte)At(row, group);
            last = group;
        }
    }

    /// <summary>The zero point of a row and a column.</summary>
    public int OfColumn(int row, int column) => At(row, groupColumns == 0 ? 0 : column / groupColumns);

    private int At(int row, int group)
    {
        if (tensor.StoredType == StoredType.I8)
        {
            long stride = tensor.Shape.Length == 2 ? tensor.Shape[1] : 1;
            return ((sbyte)tensor.Slice((row * stride) + group, 1)[0] + (1 << (bits - 1))) & _mask;
        }

        uint number = Number(form == StoredForm.Packed ? ((long)(row / _perNumber) * tensor.Shape[1]) + group : (group * tensor.Shape[1]) + (row / _perNumber));
        int stored = form == StoredForm.Awq
            ? (int)AwqOrder.Code(number, row % AwqOrder.RowsPerNumber)
            : (int)(number >> (row % _perNumber * bits)) & _mask;

        // The first version of GPTQ stores zero points minus one.
        return form == StoredForm.Gptq ? (stored + 1) & _mask : stored;
    }

    private uint Number(long index) => BinaryPrimitives.ReadUInt32LittleEndian(tensor.Slice(index * sizeof(uint), sizeof(uint)));
}
