namespace HunyuanOrleans.Model.Checkpoints.Rows;

/// <summary>Reads rows that are stored one after the other, with codes packed along the columns, the first in the lowest bits.</summary>
/// <param name="tensor">int32 [rows, columns * bits / 32] without a sign, or 8-bit floats [rows, columns].</param>
internal sealed class RowCodes(TensorView tensor) : ICodeRows
{
    public TensorView Tensor => tensor;

    public void Read(int first, int count, Span<byte> codes, int stride)
    {
        int rowBytes = (int)(tensor.ByteLength / tensor.Shape[0]);
        for (int row = 0; row < count; row++)
        {
            tensor.Slice((long)(first + row) * rowBytes, rowBytes).CopyTo(codes[(row * stride)..]);
        }
    }
}

/// <summary>Reads rows of integers with a sign, one to a byte, although they may have 4 bits only.</summary>
/// <param name="tensor">int8 [rows, columns].</param>
/// <param name="bits">4 or 8.</param>
internal sealed class SignedByteCodes(TensorView tensor, int bits) : ICodeRows
{
    private const byte Sign = 0x80;

    public TensorView Tensor => tensor;

    public void Read(int first, int count, Span<byte> codes, int stride)
    {
        int columns = (int)tensor.Shape[1];
        codes[..(count * stride)].Clear();
        for (int row = 0; row < count; row++)
        {
            ReadOnlySpan<byte> stored = tensor.Slice((long)(first + row) * columns, columns);
            Span<byte> target = codes[(row * stride)..];
            for (int column = 0; column < columns; column++)
            {
                if (bits == 4)
                {
                    target[column / 2] |= (byte)(((stored[column] + 8) & 0xF) << (column % 2 * 4));
                }
                else
                {
                    target[column] = (byte)(stored[column] ^ Sign);
                }
            }
        }
    }
}
