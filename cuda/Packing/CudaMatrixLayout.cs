using HunyuanOrleans.Kernels;

namespace HunyuanOrleans.Cuda.Packing;

/// <summary>
/// The sizes and offsets of the parts of a weight matrix in device memory: first weights, then scales. bf16, int8, e4m3 and int4 weights are tiles of
/// 16 rows and 32 columns, those of 16 rows one after the other, padded with zeros; see <see cref="TileEncoder"/> for their bytes. int8 and e4m3 have a
/// float32 scale for each row, int4 a float16 scale for each row of a tile. float32 weights are row-major, with columns padded to 4. In a paired
/// matrix, 16 rows are 8 rows of a gate and the 8 rows of the projection that it gates. Activations are not quantised: products with e4m3 weights
/// take bf16 activations, unlike those on the CPU.
/// </summary>
internal readonly record struct CudaMatrixLayout
{
    /// <summary>Rows of a tile.</summary>
    public const int TileRows = 16;

    /// <summary>Columns of a tile.</summary>
    public const int TileColumns = 32;

    // Scales begin, and matrices end, where the driver's own allocations would.
    private const long Alignment = 256;

    private CudaMatrixLayout(int rows, int columns, ElementType type, bool paired)
    {
        Rows = rows;
        Columns = columns;
        Type = type;
        IsPaired = paired;
        RowTiles = paired ? Tiles(rows / 2, TileRows / 2) : Tiles(rows, TileRows);
        ColumnTiles = Tiles(columns, TileColumns);
        WeightTileBytes = type == ElementType.F32
            ? (long)TileRows * PaddedColumns * sizeof(float)
            : (long)ColumnTiles * TileRows * TileColumns * BitsOf(type) / 8;
        ScaleTileBytes = type switch
        {
            ElementType.I8 or ElementType.F8E4M3 => TileRows * sizeof(float),
            ElementType.I4 => (long)ColumnTiles * TileRows * sizeof(ushort),
            _ => 0,
        };
    }

    /// <summary>Rows of weights. A paired matrix has rows of the gate, then as many of the projection that it gates.</summary>
    public int Rows { get; }

    /// <summary>Columns of weights.</summary>
    public int Columns { get; }

    /// <summary>Element type: F32, BF16, I8, F8E4M3 or I4.</summary>
    public ElementType Type { get; }

    /// <summary>Whether the rows are pairs of gate and up.</summary>
    public bool IsPaired { get; }

    /// <summary>Results of a product for each token.</summary>
    public int Outputs => IsPaired ? Rows / 2 : Rows;

    /// <summary>Groups of 16 rows, padded.</summary>
    public int RowTiles { get; }

    /// <summary>Groups of 32 columns, padded.</summary>
    public int ColumnTiles { get; }

    /// <summary>Columns of a float32 matrix with padding.</summary>
    public int PaddedColumns => Tiles(Columns, 4) * 4;

    /// <summary>Bytes of the weights of 16 rows.</summary>
    public long WeightTileBytes { get; }

    /// <summary>Bytes of the scales of 16 rows.</summary>
    public long ScaleTileBytes { get; }

    /// <summary>Bytes of all weights.</summary>
    public long WeightBytes => RowTiles * WeightTileBytes;

    /// <summary>Bytes of all scales.</summary>
    public long ScaleBytes => RowTiles * ScaleTileBytes;

    /// <summary>Offset of the scales.</summary>
    public long ScaleOffset => Align(WeightBytes);

    /// <summary>Bytes of the matrix, a multiple of 256.</summary>
    public long ByteLength => Align(ScaleOffset + ScaleBytes);

    /// <summary>Computes the layout of a matrix.</summary>
    /// <param name="rows">Rows of weights, including both parts of a paired matrix.</param>
    /// <param name="columns">Columns of weights.</param>
    /// <param name="type">F32, BF16, I8, F8E4M3 or I4.</param>
    /// <param name="paired">Whether the first half of the rows are the gate of the other half.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive, or the type cannot be packed.</exception>
    /// <exception cref="ArgumentException">A paired matrix has an odd number of rows.</exception>
    public static CudaMatrixLayout Of(int rows, int columns, ElementType type, bool paired = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        if (type is not (ElementType.F32 or ElementType.BF16 or ElementType.I8 or ElementType.F8E4M3 or ElementType.I4))
        {
            throw new ArgumentOutOfRangeException(nameof(type), type, "Weights on a GPU are F32, BF16, I8, F8E4M3 or I4.");
        }

        if (paired && rows % 2 != 0)
        {
            throw new ArgumentException($"{rows} rows cannot be pairs.", nameof(rows));
        }

        return new CudaMatrixLayout(rows, columns, type, paired);
    }

    private static int BitsOf(ElementType type) => type == ElementType.I4 ? 4 : type.Size() * 8;

    private static int Tiles(int length, int tile) => (int)((length + (long)tile - 1) / tile);

    private static long Align(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}
