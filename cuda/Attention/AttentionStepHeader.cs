using System.Runtime.InteropServices;
using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Attention;

/// <summary>
/// The beginning of a step's descriptors in device memory: how many there are of each kind, and where they are. The host writes it, kernels read it. Graphs
/// contain its address, so it stays where it is; the block tables may be elsewhere in each step.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = Bytes)]
internal struct AttentionStepHeader
{
    /// <summary>Bytes of the header.</summary>
    public const int Bytes = 64;

    private const int RowsField = 0;
    private const int UnitsField = 4;
    private const int MergesField = 8;
    private const int RowsAtField = 12;
    private const int UnitsAtField = 16;
    private const int MergesAtField = 20;
    private const int RotaryAtField = 24;
    private const int TablesField = 32;

    /// <summary>Number of rows.</summary>
    [FieldOffset(RowsField)]
    public int Rows;

    /// <summary>Number of <see cref="AttentionUnit"/>s.</summary>
    [FieldOffset(UnitsField)]
    public int Units;

    /// <summary>Number of merges, which are <see cref="AttentionUnit"/>s too.</summary>
    [FieldOffset(MergesField)]
    public int Merges;

    /// <summary>Bytes from the header to the <see cref="AttentionStepRow"/>s.</summary>
    [FieldOffset(RowsAtField)]
    public int RowsAt;

    /// <summary>Bytes from the header to the units.</summary>
    [FieldOffset(UnitsAtField)]
    public int UnitsAt;

    /// <summary>Bytes from the header to the merges.</summary>
    [FieldOffset(MergesAtField)]
    public int MergesAt;

    /// <summary>Bytes from the header to the rotary angles: for each row its cosines, then its sines.</summary>
    [FieldOffset(RotaryAtField)]
    public int RotaryAt;

    /// <summary>Address of the block tables.</summary>
    [FieldOffset(TablesField)]
    public ulong Tables;

    /// <summary>Loads the number of rows in a kernel.</summary>
    /// <param name="step">Address of the header.</param>
    public static int LoadRows(ulong step) => Ptx.LoadInt(step + RowsField);

    /// <summary>Loads the number of units in a kernel.</summary>
    /// <param name="step">Address of the header.</param>
    public static int LoadUnits(ulong step) => Ptx.LoadInt(step + UnitsField);

    /// <summary>Loads the number of merges in a kernel.</summary>
    /// <param name="step">Address of the header.</param>
    public static int LoadMerges(ulong step) => Ptx.LoadInt(step + MergesField);

    /// <summary>Loads a row in a kernel.</summary>
    /// <param name="step">Address of the header.</param>
    /// <param name="number">Number of the row.</param>
    public static AttentionStepRow LoadRow(ulong step, int number) =>
        AttentionStepRow.Load(step + (ulong)Ptx.LoadInt(step + RowsAtField) + ((ulong)number * AttentionStepRow.Bytes));

    /// <summary>Loads a unit in a kernel.</summary>
    /// <param name="step">Address of the header.</param>
    /// <param name="number">Number of the unit.</param>
    public static AttentionUnit LoadUnit(ulong step, int number) =>
        AttentionUnit.Load(step + (ulong)Ptx.LoadInt(step + UnitsAtField) + ((ulong)number * AttentionUnit.Bytes));

    /// <summary>Loads a merge in a kernel.</summary>
    /// <param name="step">Address of the header.</param>
    /// <param name="number">Number of the merge.</param>
    public static AttentionUnit LoadMerge(ulong step, int number) =>
        AttentionUnit.Load(step + (ulong)Ptx.LoadInt(step + MergesAtField) + ((ulong)number * AttentionUnit.Bytes));

    /// <summary>Loads the address of a row's cosines, which its sines follow, in a kernel.</summary>
    /// <param name="step">Address of the header.</param>
    /// <param name="row">Number of the row.</param>
    /// <param name="headSize">Elements of a head.</param>
    public static ulong LoadRotary(ulong step, int row, int headSize) =>
        step + (ulong)Ptx.LoadInt(step + RotaryAtField) + ((ulong)row * ((ulong)headSize * sizeof(float)));

    /// <summary>Loads the address of a unit's block table in a kernel.</summary>
    /// <param name="step">Address of the header.</param>
    /// <param name="unit">The unit.</param>
    public static ulong LoadTable(ulong step, AttentionUnit unit) => Ptx.LoadUlong(step + TablesField) + ((ulong)unit.Table * sizeof(int));
}
