using System.Runtime.InteropServices;

namespace HunyuanOrleans.Model.Checkpoints.Rows;

/// <summary>
/// Reads qweight of GPTQ, int32 [columns * bits / 32, rows]: a number holds consecutive columns of one row, the first in the lowest bits. Its bytes are
/// those of a row, so only the order of the numbers changes.
/// </summary>
internal sealed class GptqCodes(TensorView tensor) : ICodeRows
{
    public TensorView Tensor => tensor;

    public void Read(int first, int count, Span<byte> codes, int stride)
    {
        int rows = (int)tensor.Shape[1];
        for (int number = 0; number < tensor.Shape[0]; number++)
        {
            ReadOnlySpan<byte> stored = tensor.Slice((((long)number * rows) + first) * sizeof(uint), count * sizeof(uint));
            Span<byte> target = codes[(number * sizeof(uint))..];
            for (int row = 0; row < count; row++)
            {
                stored.Slice(row * sizeof(uint), sizeof(uint)).CopyTo(target[(row * stride)..]);
            }
        }
    }
}

/// <summary>Reads qweight of AWQ, int32 [columns, rows / 8]: a number holds eight rows of one column in the order of <see cref="AwqOrder"/>.</summary>
internal sealed class AwqCodes(TensorView tensor) : ICodeRows
{
    public TensorView Tensor => tensor;

    public void Read(int first, int count, Span<byte> codes, int stride)
    {
        int perColumn = (int)tensor.Shape[1];
        int firstNumber = first / AwqOrder.RowsPerNumber;
        int numbers = ((first + count - 1) / AwqOrder.RowsPerNumber) - firstNumber + 1;
        codes[..(count * stride)].Clear();
        for (int column = 0; column < tensor.Shape[0]; column++)
        {
            ReadOnlySpan<uint> stored = MemoryMarshal.Cast<byte, uint>(
                tensor.Slice((((long)column * perColumn) + firstNumber) * sizeof(uint), numbers * sizeof(uint)));
            int shift = column % 2 * 4;
            Span<byte> target = codes[(column / 2)..];
            for (int row = 0; row < count; row++)
            {
                int at = first + row - (firstNumber * AwqOrder.RowsPerNumber);
                target[row * stride] |= (byte)(AwqOrder.Code(stored[at / AwqOrder.RowsPerNumber], at % AwqOrder.RowsPerNumber) << shift);
            }
        }
    }
}

/// <summary>The order of eight codes in a 32-bit number of AWQ: from the lowest bits on, those of outputs 0, 2, 4, 6, 1, 3, 5 and 7.</summary>
internal static class AwqOrder
{
    /// <summary>Outputs in a number.</summary>
    public const int RowsPerNumber = 8;

    private static ReadOnlySpan<byte> Shifts => [0, 16, 4, 20, 8, 24, 12, 28];

    /// <summary>The code of one of the eight outputs.</summary>
    public static uint Code(uint number, int output) => (number >> Shifts[output]) & 0xF;
}
