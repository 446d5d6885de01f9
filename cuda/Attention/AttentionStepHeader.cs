using System.Runtime.InteropServices;

namespace HunyuanOrleans.Cuda.Attention;

/// <summary>
/// The beginning of a step's descriptors in device memory: how many there are of each kind, and how many bytes after the header's address they begin.
/// Kernels read the fields at their offsets.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AttentionStepHeader
{
    /// <summary>Bytes of the header.</summary>
    public const int Bytes = 64;

    /// <summary>Number of rows.</summary>
    public int Rows;

    /// <summary>Number of <see cref="AttentionUnit"/>s.</summary>
    public int Units;

    /// <summary>Number of merges, which are <see cref="AttentionUnit"/>s too.</summary>
    public int Merges;

    /// <summary>Not used.</summary>
    public int Padding;

    /// <summary>Offset of the <see cref="AttentionStepRow"/>s.</summary>
    public int RowsAt;

    /// <summary>Offset of the units.</summary>
    public int UnitsAt;

    /// <summary>Offset of the merges.</summary>
    public int MergesAt;

    /// <summary>Offset of the block tables.</summary>
    public int TablesAt;

    /// <summary>Offset of the rotary angles: for each row its cosines, then its sines.</summary>
    public int RotaryAt;
}
