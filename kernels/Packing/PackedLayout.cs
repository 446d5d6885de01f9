using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// Where the parts of a packed matrix lie: panels first, then scales. A step's 4 bytes of a row hold, by type: one float32; two
/// bfloat16; four I8 as unsigned bytes q + 128, which is what vpdpbusd multiplies; four F8E4M3 codes, in the order of
/// columns 0, 2, 1, 3, so that their expansion by 16-bit halves gives the pairs (0, 1) and (2, 3); eight I4, columns 0 to 3 in the low
/// nibbles of the four bytes, 4 to 7 in the high ones. It knows sizes only, no addresses.
/// </summary>
internal readonly record struct PackedLayout
{
    /// <summary>Columns that share a scale in I4.</summary>
    public const int GroupColumns = 32;

    /// <summary>Most columns of I8 and I4: the largest sum of products still fits 32 bits.</summary>
    public const int MaxIntegerColumns = 1 << 16;

    // What the scales begin and end on: a cache line.
    private const long ScaleAlignment = 64;

    private PackedLayout(int rows, int columns, ElementType type)
    {
        int perGroup = type.StepElements() * PanelKernels.StepUnit;
        long panels = (rows + (long)PanelKernels.PanelRows - 1) / PanelKernels.PanelRows;
        Steps = (int)((columns + (long)perGroup - 1) / perGroup * PanelKernels.StepUnit);
        BlockBytes = Steps * PanelKernels.BlockRows * 4L;
        ScaleOffset = panels * PanelKernels.PanelRows * 4 * Steps;
        long scaleBytes = type switch
        {
            ElementType.I8 or ElementType.F8E4M3 => sizeof(float),
            ElementType.I4 => 2L * (Steps / PanelKernels.StepUnit),
            _ => 0,
        };
        BlockScaleBytes = scaleBytes * PanelKernels.BlockRows;
        InputScaleOffset = ScaleOffset + (panels * PanelKernels.PanelRows * scaleBytes);
        long end = InputScaleOffset + (type == ElementType.F8E4M3 ? sizeof(float) : 0);
        ByteLength = (end + ScaleAlignment - 1) / ScaleAlignment * ScaleAlignment;
    }

    /// <summary>4-byte steps over the columns, padded to whole groups of steps.</summary>
    public int Steps { get; }

    /// <summary>Bytes from one full block to the next.</summary>
    public long BlockBytes { get; }

    /// <summary>Where the scales begin: the size of all panels.</summary>
    public long ScaleOffset { get; }

    /// <summary>Bytes from one full block's scales to the next one's.</summary>
    public long BlockScaleBytes { get; }

    /// <summary>Where the scale of the activations lies, for F8E4M3.</summary>
    public long InputScaleOffset { get; }

    /// <summary>Bytes of all parts.</summary>
    public long ByteLength { get; }

    /// <summary>The layout of a matrix.</summary>
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
