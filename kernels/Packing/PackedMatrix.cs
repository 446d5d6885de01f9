using System.Runtime.InteropServices;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// A weight matrix [rows, columns] laid out for the panel kernels: blocks of 64 rows, in a block step after step, in a step 4 panels
/// of 16 rows of 4 bytes (<see cref="PackedLayout"/> says of what). The last block has as many panels as its rows need. One
/// stream of memory serves decode and prefill, with one order of summation. Rows are padded to 16, columns to 4 steps, with zeros.
/// Scales of quantised elements follow the panels in the same piece of memory. It does not know what it multiplies.
/// </summary>
public sealed unsafe class PackedMatrix
{
    private readonly NativeBuffer? _owner;
    private readonly object? _keepAlive;
    private readonly nint _address;

    /// <summary>Lays a matrix over <paramref name="storage"/>, which must outlive it.</summary>
    /// <param name="rows">Output rows.</param>
    /// <param name="columns">Input columns.</param>
    /// <param name="type">F32, BF16, I8, F8E4M3 or I4.</param>
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
    /// <param name="type">F32, BF16, I8, F8E4M3 or I4.</param>
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
        Layout = PackedLayout.Of(rows, columns, type);
        Kernels = kernels;
        Rows = rows;
        Columns = columns;
        Type = type;
        Full = BlockKernels.Of(kernels, type, PanelKernels.BlockPanels);
        Last = BlockKernels.Of(kernels, type, PanelsOf(Blocks - 1));
    }

    /// <summary>Output rows.</summary>
    public int Rows { get; }

    /// <summary>Input columns.</summary>
    public int Columns { get; }

    /// <summary>Element type: F32, BF16, I8, F8E4M3 or I4.</summary>
    public ElementType Type { get; }

    /// <summary>Bytes of the packed form, scales included.</summary>
    public long ByteLength => Layout.ByteLength;

    /// <summary>Blocks of 64 rows, the last perhaps smaller.</summary>
    internal int Blocks => (Rows + PanelKernels.BlockRows - 1) / PanelKernels.BlockRows;

    /// <summary>4-byte steps over the columns, padded.</summary>
    internal int Steps => Layout.Steps;

    /// <summary>Where panels and scales lie.</summary>
    internal PackedLayout Layout { get; }

    /// <summary>What multiplies it.</summary>
    internal PanelKernels Kernels { get; }

    /// <summary>Kernels of every block but the last.</summary>
    internal BlockKernels Full { get; }

    /// <summary>Kernels of the last block.</summary>
    internal BlockKernels Last { get; }

    /// <summary>
    /// What activations are divided by before they are rounded to F8E4M3; 0 where each row of them gets a scale of its own. Meaningful
    /// for F8E4M3 only. Stored with the weights, so that a packed copy holds it.
    /// </summary>
    internal float InputScale => *(float*)(Base + Layout.InputScaleOffset);

    /// <summary>Bytes a packed matrix of this shape takes, scales included.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive or too large for the type, or the type cannot be packed.</exception>
    public static long SizeOf(int rows, int columns, ElementType type) => PackedLayout.Of(rows, columns, type).ByteLength;

    internal byte* Block(int block) => Base + (block * Layout.BlockBytes);

    /// <summary>Scales of a block: a float32 for each row. I8 and F8E4M3 only.</summary>
    internal byte* Scales(int block) => Base + Layout.ScaleOffset + (block * Layout.BlockScaleBytes);

    internal int PanelsOf(int block) =>
        Math.Min(PanelKernels.BlockPanels, (Rows - (block * PanelKernels.BlockRows) + PanelKernels.PanelRows - 1) / PanelKernels.PanelRows);

    private byte* Base
    {
        get
        {
            _ = _owner?.Pointer;
            return (byte*)_address;
        }
    }

    /// <summary>Writes <see cref="InputScale"/> where the type has one, and what lies between the last scale and the end.</summary>
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
