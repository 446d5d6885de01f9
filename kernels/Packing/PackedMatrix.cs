using System.Runtime.InteropServices;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// A weight matrix [rows, columns] in the layout of the panel kernels. It has blocks of 64 rows; a block has consecutive steps; a step has 4
/// panels of 16 rows of 4 bytes (<see cref="PackedLayout"/> defines these bytes). The last block has only the panels that its rows need. Rows
/// are padded to 16 and columns to 4 steps, with zeros. Scales of quantised elements follow the panels in the same memory. Decode and prefill
/// read the same memory with the same order of summation.
/// </summary>
public sealed unsafe class PackedMatrix : IMatrix
{
    private readonly NativeBuffer? _owner;
    private readonly object? _keepAlive;
    private readonly nint _address;

    /// <summary>Creates a matrix in <paramref name="storage"/>, which must outlive it.</summary>
    /// <param name="rows">Output rows.</param>
    /// <param name="columns">Input columns.</param>
    /// <param name="type">Any type but F16.</param>
    /// <param name="storage">Memory of the matrix. The caller keeps ownership.</param>
    /// <param name="offset">Offset of the matrix in the storage in bytes, a multiple of 64.</param>
    /// <param name="kernels">The kernels that multiply the matrix.</param>
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

    /// <summary>Creates a matrix over memory that <paramref name="keepAlive"/> owns, such as a mapped file. The memory must stay mapped while the matrix is used.</summary>
    /// <param name="rows">Output rows.</param>
    /// <param name="columns">Input columns.</param>
    /// <param name="type">Any type but F16.</param>
    /// <param name="address">Address of the packed bytes, a multiple of 64.</param>
    /// <param name="available">Number of bytes that may be read at the address.</param>
    /// <param name="keepAlive">Owner of the memory.</param>
    /// <param name="kernels">The kernels that multiply the matrix.</param>
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
        Layout = PackedLayout.Of(rows, columns, type);
        Kernels = kernels;
        Rows = rows;
        Columns = columns;
        Type = type;
        KernelType = type.KernelType();
        FullBlockKernels = BlockKernels.For(kernels, KernelType, PanelKernels.BlockPanels);
        LastBlockKernels = BlockKernels.For(kernels, KernelType, PanelsIn(Blocks - 1));
    }

    /// <summary>Output rows.</summary>
    public int Rows { get; }

    /// <summary>Input columns.</summary>
    public int Columns { get; }

    /// <summary>Element type: any but F16.</summary>
    public ElementType Type { get; }

    /// <summary>The type whose kernels multiply the panels.</summary>
    internal ElementType KernelType { get; }

    /// <summary>Bytes of the packed matrix, including scales.</summary>
    public long ByteLength => Layout.ByteLength;

    /// <summary>Number of blocks of 64 rows. The last one may be smaller.</summary>
    internal int Blocks => (Rows + PanelKernels.BlockRows - 1) / PanelKernels.BlockRows;

    /// <summary>Number of 4-byte steps over the columns, including padding.</summary>
    internal int Steps => Layout.Steps;

    /// <summary>Offsets of panels and scales.</summary>
    internal PackedLayout Layout { get; }

    /// <summary>The kernels that multiply the matrix.</summary>
    internal PanelKernels Kernels { get; }

    /// <summary>Kernels for every block except the last.</summary>
    internal BlockKernels FullBlockKernels { get; }

    /// <summary>Kernels for the last block.</summary>
    internal BlockKernels LastBlockKernels { get; }

    /// <summary>
    /// The fixed scale by which activations are divided before they are rounded to F8E4M3, or 0 if each activation row gets its own scale.
    /// F8E4M3 only. It is stored with the weights, so that a packed copy contains it.
    /// </summary>
    internal float InputScale => *(float*)(Base + Layout.InputScaleOffset);

    /// <summary>Bytes of a packed matrix of this shape, including scales.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive or too large for the type, or the type cannot be packed.</exception>
    public static long SizeOf(int rows, int columns, ElementType type) => PackedLayout.Of(rows, columns, type).ByteLength;

    /// <summary>Address of a block.</summary>
    internal byte* Block(int block) => Base + (block * Layout.BlockBytes);

    /// <summary>Address of the lower halves of the codes of a block. U8 only; <see cref="Block"/> has the upper halves.</summary>
    internal byte* LowerPlane(int block) => Block(block) + ((long)Steps * PackedLayout.StepStride(Type, PanelsIn(block)));

    /// <summary>
    /// Address of the scales or zero points of a block. I8 and F8E4M3: a float32 for each row. F8E4M3Block: the same for each group of 128 columns.
    /// U4 and U8: for each group of 32 columns a byte for each row, the zero point.
    /// </summary>
    internal byte* Scales(int block) => Base + Layout.ScaleOffset + (block * Layout.BlockScaleBytes);

    /// <summary>Number of panels in a block.</summary>
    internal int PanelsIn(int block) =>
        Math.Min(PanelKernels.BlockPanels, (Rows - (block * PanelKernels.BlockRows) + PanelKernels.PanelRows - 1) / PanelKernels.PanelRows);

    private byte* Base
    {
        get
        {
            // Throws if the storage has been disposed.
            _ = _owner?.Pointer;
            return (byte*)_address;
        }
    }

    /// <summary>Writes <see cref="InputScale"/> if the type has one, and clears the padding after the last scale.</summary>
    internal void SetInputScale(float scale)
    {
        Span<byte> rest = new(Base + Layout.InputScaleOffset, (int)(ByteLength - Layout.InputScaleOffset));
        rest.Clear();
        if (Type == ElementType.F8E4M3)
        {
            MemoryMarshal.Write(rest, scale);
        }
    }
}
