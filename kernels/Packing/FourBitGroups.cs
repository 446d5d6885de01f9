using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// How 4-bit weights lie in memory: for each group of 32 columns of a block 4 words of 8 columns, in a word its panels side by side,
/// 16 rows of 4 bytes (low halves of the bytes: the first 4 columns, high halves: the other 4); then the float16 scales of the panels'
/// rows. A weight is scale * (code - 8). Columns are padded to whole groups with scale 0.
/// </summary>
internal static class FourBitGroups
{
    /// <summary>Columns that share a scale.</summary>
    public const int Columns = 32;

    /// <summary>4-byte words of a row's codes in a group.</summary>
    public const int WordsPerRow = Columns / 8;

    /// <summary>The code that stands for zero.</summary>
    public const int Zero = 8;

    /// <summary>Groups over a row, the last perhaps padded.</summary>
    public static int Count(int columns) => (columns + Columns - 1) / Columns;

    /// <summary>Bytes of the codes of one group of a block of that many panels: where its scales begin.</summary>
    public static int CodeBytes(int panels) => panels * PanelKernels.PanelRows * Columns / 2;

    /// <summary>Bytes of one group of a block of that many panels.</summary>
    public static int GroupBytes(int panels) => CodeBytes(panels) + (panels * PanelKernels.PanelRows * 2);
}
