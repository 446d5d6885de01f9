using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// The sizes and offsets of the parts of a packed matrix: first panels, then scales. A step has 4 bytes of each row. By type, these are: one
/// float32; two bfloat16; four I8 as unsigned bytes q + 128, because vpdpbusd multiplies unsigned bytes; four F8E4M3 codes in the column
/// order 0, 2, 1, 3, so that expanding 16-bit halves gives the pairs (0, 1) and (2, 3); or eight I4, whose scales lie among the panels as
/// defined in <see cref="Int4GroupLayout"/>.
/// </summary>
internal readonly record struct PackedLayout
{
    /// <summary>Most columns of an I8 or I4 matrix, so that the largest sum of products fits 32 bits.</summary>
    public const int MaxIntegerColumns = 1 << 16;

    // Scales begin and end on a cache line.
    private const long ScaleAlignment = 64;

    private PackedLayout(int rows, int columns, ElementType type)
    {
        int perGroup = type.ElementsPerStep() * PanelKernels.StepUnit;
        long panels = (rows + (long)PanelKernels.PanelRows - 1) / PanelKernels.PanelRows;
        Steps = (int)((columns + (long)perGroup - 1) / perGroup * PanelKernels.StepUnit);
        BlockBytes = (long)Steps * StepStride(type, PanelKernels.BlockPanels);
        ScaleOffset = panels * StepStride(type, 1) * Steps;
        long scaleBytes = type is ElementType.I8 or ElementType.F8E4M3 ? sizeof(float) : 0;
        BlockScaleBytes = scaleBytes * PanelKernels.BlockRows;
        InputScaleOffset = ScaleOffset + (panels * PanelKernels.PanelRows * scaleBytes);
        long end = InputScaleOffset + (type == ElementType.F8E4M3 ? sizeof(float) : 0);
        ByteLength = (end + ScaleAlignment - 1) / ScaleAlignment * ScaleAlignment;
    }

    /// <summary>Number of 4-byte steps over the columns, padded to whole groups of steps.</summary>
    public int Steps { get; }

    /// <summary>Bytes from one full block to the next.</summary>
    public long BlockBytes { get; }

    /// <summary>Offset of the scales, which is the size of all panels.</summary>
    public long ScaleOffset { get; }

    /// <summary>Bytes from the scales of one full block to those of the next.</summary>
    public long BlockScaleBytes { get; }

    /// <summary>Offset of the input scale of F8E4M3 matrices.</summary>
    public long InputScaleOffset { get; }

    /// <summary>Size of all parts in bytes.</summary>
    public long ByteLength { get; }

    /// <summary>Bytes from one step to the next in a block with this many panels. For I4 it is the mean over a group of steps.</summary>
    public static int StepStride(ElementType type, int panels) =>
        type == ElementType.I4 ? Int4GroupLayout.GroupBytes(panels) / PanelKernels.StepUnit : panels * PanelKernels.PanelRows * 4;

    /// <summary>Computes the layout of a matrix.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive or too large for the type, or the type cannot be packed.</exception>
    public static PackedLayout Of(int rows, int columns, ElementType type)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        if (type is not (ElementType.F32 or ElementType.BF16 or ElementType.I8 or ElementType.F8E4M3 or ElementType.I4))
        {
            throw new ArgumentOutOfRangeException(nameof(type), type, "Packed weights are F32, BF16, I8, F8E4M3 or I4.");
        }

        if (type is ElementType.I8 or ElementType.I4 && columns > MaxIntegerColumns)
        {
            throw new ArgumentOutOfRangeException(nameof(columns), columns, $"{type} weights have at most {MaxIntegerColumns} columns.");
        }

        return new PackedLayout(rows, columns, type);
    }
}
