using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// A weight matrix [rows, columns] laid out for the panel kernels: blocks of 64 rows, in a block step after step, in a step 4 panels
/// of 16 rows of 4 bytes (one float32, or the two bfloat16 of a column pair). The last block has as many panels as its rows need. One
/// stream of memory serves decode and prefill, with one order of summation. Rows are padded to 16, columns to 4 steps, with zeros.
/// It does not know what it multiplies.
/// </summary>
public sealed unsafe class PackedMatrix
{
    private readonly NativeBuffer? _owner;
    private readonly object? _keepAlive;
    private readonly nint _address;

    /// <summary>Lays a matrix over <paramref name="storage"/>, which must outlive it.</summary>
    /// <param name="rows">Output rows.</param>
    /// <param name="columns">Input columns.</param>
    /// <param name="type">F32 or BF16.</param>
    /// <param name="storage">Memory it lives in; not owned.</param>
    /// <param name="offset">Where it begins there, a multiple of 64.</param>
    /// <param name="kernels">What multiplies it.</param>
    public PackedMatrix(int rows, int columns, ElementType type, NativeBuffer storage, long offset, PanelKernels kernels)
        : this(rows, columns, type, kernels)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNotEqual(offset % 64, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, storage.ByteLength - ByteLength);
        _owner = storage;
        _address = (nint)storage.Pointer + (nint)offset;
    }

    /// <summary>Lays a matrix over memory that <paramref name="keepAlive"/> owns (a mapped file), which must stay mapped as long as the matrix is used.</summary>
    /// <param name="rows">Output rows.</param>
    /// <param name="columns">Input columns.</param>
    /// <param name="type">F32 or BF16.</param>
    /// <param name="address">Address of the packed bytes, a multiple of 64.</param>
    /// <param name="available">Bytes that may be read there.</param>
    /// <param name="keepAlive">Owner of the memory.</param>
    /// <param name="kernels">What multiplies it.</param>
    public PackedMatrix(int rows, int columns, ElementType type, nint address, long available, object keepAlive, PanelKernels kernels)
        : this(rows, columns, type, kernels)
    {
        ArgumentOutOfRangeException.ThrowIfZero(address);
        ArgumentOutOfRangeException.ThrowIfNotEqual(address % 64, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ByteLength, available);
        _address = address;
        _keepAlive = keepAlive;
    }

    private PackedMatrix(int rows, int columns, ElementType type, PanelKernels kernels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        if (type is not (ElementType.F32 or ElementType.BF16))
        {
            throw new ArgumentOutOfRangeException(nameof(type), type, "Packed weights are F32 or BF16.");
        }

        Rows = rows;
        Columns = columns;
        Type = type;
        Steps = StepsOf(columns, type);
        ByteLength = SizeOf(rows, columns, type);
        Full = BlockKernels.Of(kernels, type, PanelKernels.BlockPanels);
        Last = BlockKernels.Of(kernels, type, PanelsOf(Blocks - 1));
    }

    /// <summary>Output rows.</summary>
    public int Rows { get; }

    /// <summary>Input columns.</summary>
    public int Columns { get; }

    /// <summary>Element type, F32 or BF16.</summary>
    public ElementType Type { get; }

    /// <summary>Bytes of the packed form.</summary>
    public long ByteLength { get; }

    /// <summary>Blocks of 64 rows, the last perhaps smaller.</summary>
    internal int Blocks => (Rows + PanelKernels.BlockRows - 1) / PanelKernels.BlockRows;

    /// <summary>4-byte steps over the columns, padded.</summary>
    internal int Steps { get; }

    /// <summary>Kernels of every block but the last.</summary>
    internal BlockKernels Full { get; }

    /// <summary>Kernels of the last block.</summary>
    internal BlockKernels Last { get; }

    /// <summary>Bytes a packed matrix of this shape takes.</summary>
    public static long SizeOf(int rows, int columns, ElementType type)
    {
        long panels = (rows + PanelKernels.PanelRows - 1) / PanelKernels.PanelRows;
        return panels * PanelKernels.PanelRows * 4 * StepsOf(columns, type);
    }

    internal byte* Block(int block)
    {
        _ = _owner?.Pointer;
        return (byte*)_address + (block * (long)Steps * PanelKernels.BlockRows * 4);
    }

    internal int PanelsOf(int block) =>
        Math.Min(PanelKernels.BlockPanels, (Rows - (block * PanelKernels.BlockRows) + PanelKernels.PanelRows - 1) / PanelKernels.PanelRows);

    private static int StepsOf(int columns, ElementType type)
    {
        int perStep = type.StepElements() * PanelKernels.StepUnit;
        return (columns + perStep - 1) / perStep * PanelKernels.StepUnit;
    }
}
