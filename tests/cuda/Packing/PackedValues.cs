using System.Runtime.InteropServices;
using HunyuanOrleans.Cuda.Packing;
using HunyuanOrleans.Cuda.Tests.Products;
using HunyuanOrleans.Kernels;

namespace HunyuanOrleans.Cuda.Tests.Packing;

/// <summary>Reads single weights of a packed matrix as the tensor core instruction would see them.</summary>
internal sealed class PackedValues(CudaMatrixLayout layout, byte[] packed)
{
    /// <summary>The value of a weight; rows count as they are packed.</summary>
    public double At(int row, int column)
    {
        if (layout.Type == ElementType.F32)
        {
            return MemoryMarshal.Cast<byte, float>(packed)[(row * layout.PaddedColumns) + column];
        }

        int tile = (row / 16 * layout.ColumnTiles) + (column / 32);

        // Logical column of the instruction: of 8 consecutive columns of a lane the first four are for the first step.
        int t = column % 32 / 8;
        int step = column % 8 / 4;
        int high = column % 4 / 2;
        int odd = column % 2;
        int lane = (row % 8 * 4) + t;
        int lower = row % 16 / 8;
        switch (layout.Type)
        {
            case ElementType.BF16:
                int register = (tile * 256) + (((step * 32) + lane) * 4) + lower + (2 * high);
                return Bf16.ToSingle((ushort)(MemoryMarshal.Cast<byte, uint>(packed)[register] >> (16 * odd)));
            case ElementType.I4:
                uint word = MemoryMarshal.Cast<byte, uint>(packed)[(tile * 64) + (lane * 2) + step];
                int code = (int)((word >> ((16 * odd) + (8 * high) + (4 * lower))) & 0xF);
                ReadOnlySpan<Half> groups = MemoryMarshal.Cast<byte, Half>(packed.AsSpan((int)layout.ScaleOffset));
                return (code - 8) * (double)groups[(tile * 16) + (row % 8 * 2) + lower];
            default:
                byte bits = packed[(tile * 512) + (lane * 16) + (step * 8) + (lower * 4) + (2 * odd) + high];
                double value = layout.Type == ElementType.I8 ? (sbyte)bits : ProductMatrix.E4M3Value(bits);
                return value * MemoryMarshal.Cast<byte, float>(packed.AsSpan((int)layout.ScaleOffset))[row];
        }
    }
}
