using HunyuanOrleans.Kernels.Packing;

namespace HunyuanOrleans.Kernels.Tests.Quantized;

/// <summary>Reads packed 4-bit weights by their documented layout, without the code that packs or multiplies them.</summary>
internal static unsafe class Int4Reader
{
    /// <summary>A code, -8 to 7.</summary>
    public static int Code(PackedMatrix matrix, int row, int column)
    {
        int inWord = column % 8;
        byte* bytes = Group(matrix, row, column, out int panels) + ((column % 32 / 8) * panels * 64) + (row % 64 * 4);
        return inWord < 4 ? (bytes[inWord] & 15) - 8 : (bytes[inWord - 4] >> 4) - 8;
    }

    /// <summary>The scale of a row over the group of a column.</summary>
    public static Half Scale(PackedMatrix matrix, int row, int column)
    {
        byte* group = Group(matrix, row, column, out int panels);
        return ((Half*)(group + (panels * 256)))[row % 64];
    }

    private static byte* Group(PackedMatrix matrix, int row, int column, out int panels)
    {
        panels = matrix.PanelsIn(row / 64);
        return matrix.Block(row / 64) + (column / 32 * panels * 288);
    }
}
