using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// The sizes and offsets of the parts of a packed matrix: first panels, then scales. A step has 4 bytes of each row. By type, these are: one
/// float32; two bfloat16; four I8 as unsigned bytes q + 128, because vpdpbusd multiplies unsigned bytes; four F8E4M3 codes in the column
/// order 0, 2, 1, 3, so that expanding 16-bit halves gives the pairs (0, 1) and (2, 3); or eight I4, whose scales lie among the panels as
/// defined in <see cref="Int4GroupLayout"/>. U4 is I4 with zero points behind the panels: for each block and group, a byte for each row. A block of U8 has
/// the upper halves of its codes as I4 with 16 times the scale, then the lower halves as I4; zero points are those of U4. F8E4M3Block has for each block
/// and group of 128 columns a float32 scale for each row.
/// </summary>
internal readonly record struct PackedLayout
{
    /// <summary>Most columns of a matrix of integers, so that the largest sum of products fits 32 bits.</summary>
    public const int MaxIntegerColumns = 1 << 16;

    /// <summary>Columns that share a scale in an F8E4M3Block matrix.</summary>
    public const int BlockColumns = 128;

    // Scales begin and end on a cache line.
    private const long ScaleAlignment = 64;

    private PackedLayout(int rows, int columns, ElementType type)
    {
        int perGroup = type.ElementsPerStep() * PanelKernels.StepUnit;
        long panels = (rows + (long)PanelKernels.PanelRows - 1) / PanelKernels.PanelRows;
        int planes = type == ElementType.U8 ? 2 : 1;
        Steps = (int)((columns + (long)perGroup - 1) / perGroup * PanelKernels.StepUnit);
        BlockBytes = (long)Steps * StepStride(type, PanelKernels.BlockPanels) * planes;
        ScaleOffset = panels * StepStride(type, 1) * Steps * planes;
        long scaleBytes = type switch
        {
            ElementType.I8 or ElementType.F8E4M3 => sizeof(float),
            ElementType.F8E4M3Block => (columns + BlockColumns - 1) / BlockColumns * sizeof(float),
            ElementType.U4 or ElementType.U8 => Int4GroupLayout.Count(columns),
            _ => 0,
        };
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
        type.KernelType() == ElementType.I4 ? Int4GroupLayout.GroupBytes(panels) / PanelKernels.StepUnit : panels * PanelKernels.PanelRows * 4;

    /// <summary>Computes the layout of a matrix.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive or too large for the type, or the type cannot be packed.</exception>
    public static PackedLayout Of(int rows, int columns, ElementType type)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        if (type == ElementType.F16 || !Enum.IsDefined(type))
        {
            throw new ArgumentOutOfRangeException(nameof(type), type, "Packed weights are F32, BF16 or quantised.");
        }

        if (type is ElementType.I8 or ElementType.I4 or ElementType.U4 or ElementType.U8 && columns > MaxIntegerColumns)
        {
            throw new ArgumentOutOfRangeException(nameof(columns), columns, $"{type} weights have at most {MaxIntegerColumns} columns.");
        }

        return new PackedLayout(rows, columns, type);
    }
}
