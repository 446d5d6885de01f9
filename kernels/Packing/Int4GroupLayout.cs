using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// Defines how 4-bit weights lie in memory. A block is a sequence of groups of 32 columns. A group has 4 words of 8 columns, then the float16
/// scales of its rows. A word has the panels side by side, each with 16 rows of 4 bytes; the low halves of these bytes are the first 4 columns,
/// the high halves the other 4. A weight is scale * (code - 8). Columns are padded to whole groups with codes for zero.
/// </summary>
internal static class Int4GroupLayout
{
    /// <summary>Columns that share a scale.</summary>
    public const int Columns = 32;

    /// <summary>Number of 4-byte words that hold a row's codes in one group.</summary>
    public const int WordsPerRow = Columns / 8;

    /// <summary>The code that stands for zero.</summary>
    public const int Zero = 8;

    /// <summary>Number of groups in a row. The last one may be padded.</summary>
    public static int Count(int columns) => (columns + Columns - 1) / Columns;

    /// <summary>Bytes of the codes in one group of a block with this many panels, which is the offset of its scales.</summary>
    public static int CodeBytes(int panels) => panels * PanelKernels.PanelRows * Columns / 2;

    /// <summary>Bytes of one group of a block with this many panels, including scales.</summary>
    public static int GroupBytes(int panels) => CodeBytes(panels) + (panels * PanelKernels.PanelRows * 2);
}
