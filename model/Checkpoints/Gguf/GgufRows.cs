using System.Buffers.Binary;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Model.Checkpoints.Gguf;

/// <summary>
/// Provides the rows of a tensor with blocks. Codes and scales of Q4_0 and Q8_0 are kept if the rows are provided as I4 and U8; otherwise the values are
/// decoded to float32.
/// </summary>
/// <param name="tensor">The tensor, [rows, columns].</param>
/// <param name="type">I4 for Q4_0, U8 for Q8_0, or F32 for any type.</param>
internal sealed class GgufRows(TensorView tensor, ElementType type) : IRowProvider
{
    private const int ScaleBytes = 2, Values = 32;
    private const byte Middle = 128;

    private readonly int _columns = checked((int)tensor.Shape[1]);
    private readonly int _storedBytes = checked((int)(tensor.ByteLength / tensor.Shape[0]));

    /// <summary>Bytes of a provided row.</summary>
    public int RowBytes => type switch
    {
        ElementType.I4 => _columns / 2,
        ElementType.U8 => _columns,
        _ => _columns * sizeof(float),
    };

    /// <inheritdoc/>
    public int ScalesPerRow => type == ElementType.F32 ? 0 : _columns / WeightScheme.GroupColumns;

    /// <inheritdoc/>
    public (nint Address, long Bytes) Extent => (tensor.Address, tensor.ByteLength);

    /// <inheritdoc/>
    public void Read(int first, int count, Span<byte> codes, Span<float> scales, Span<byte> zeroPoints)
    {
        zeroPoints.Fill(Middle);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> row = tensor.Slice((long)(first + i) * _storedBytes, _storedBytes);
            Span<byte> target = codes.Slice(i * RowBytes, RowBytes);
            if (type == ElementType.F32)
            {
                GgufDecoder.Decode(tensor.StoredType, row, System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(target));
                continue;
            }

            int blockBytes = tensor.StoredType.Block().Bytes;
            for (int block = 0; block < ScalesPerRow; block++, row = row[blockBytes..])
            {
                scales[(i * ScalesPerRow) + block] = (float)BinaryPrimitives.ReadHalfLittleEndian(row);
                ReadOnlySpan<byte> stored = row[ScaleBytes..blockBytes];
                if (type == ElementType.U8)
                {
                    ReadBytes(stored, target.Slice(block * Values, Values));
                }
                else
                {
                    ReadNibbles(stored, target.Slice(block * Values / 2, Values / 2));
                }
            }
        }
    }

    private static void ReadBytes(ReadOnlySpan<byte> stored, Span<byte> target)
    {
        for (int i = 0; i < Values; i++)
        {
            target[i] = (byte)(stored[i] ^ Middle);
        }
    }

    // A stored byte has columns i and i + 16, a provided byte two neighbours.
    private static void ReadNibbles(ReadOnlySpan<byte> stored, Span<byte> target)
    {
        for (int i = 0; i < Values / 4; i++)
        {
            byte first = stored[2 * i], second = stored[(2 * i) + 1];
            target[i] = (byte)((first & 0xF) | (second << 4));
            target[(Values / 4) + i] = (byte)((first >> 4) | (second & 0xF0));
        }
    }
}
