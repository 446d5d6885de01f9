using System.Runtime.InteropServices;
using HunyuanOrleans.Cuda.Compilation;
using HunyuanOrleans.Cuda.Kernels;

namespace HunyuanOrleans.Cuda.Attention;

/// <summary>
/// Work of a warp in a step: up to 16 query rows of one sequence and key/value head. A query row is a (token, query head of the group) pair; the
/// rows of a sequence are numbered token by token. The host writes units, kernels read them.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AttentionUnit
{
    /// <summary>Bytes of a unit.</summary>
    public const int Bytes = 32;

    /// <summary>More segments than any context has.</summary>
    public const int AllSegments = int.MaxValue / AttentionKernels.SegmentPositions;

    /// <summary>Row of the batch with the first token of the sequence.</summary>
    public int FirstToken;

    /// <summary>Number of the first query row.</summary>
    public int FirstRow;

    /// <summary>Number of query rows, 1 to 16.</summary>
    public int Rows;

    /// <summary>Position of the first token of the sequence in the batch.</summary>
    public int Start;

    /// <summary>Index of the first block of the sequence in the block tables.</summary>
    public int Table;

    /// <summary>The first segment to attend to. In a merge: the number of partial results.</summary>
    public int Segment;

    /// <summary>
    /// The most segments to attend to: <see cref="AllSegments"/>, those of a group, or 1. The last segment is the one of the last row. In a merge: the
    /// segments of each partial result.
    /// </summary>
    public int Segments;

    /// <summary>The partial result to write, or -1 for none. In a merge: the first partial result; the others follow.</summary>
    public int Partial;

    /// <summary>The segment after the last one to attend to.</summary>
    public static int EndOfSegments(AttentionUnit unit, int groupHeads)
    {
        int end = ((unit.Start + ((unit.FirstRow + unit.Rows - 1) / groupHeads)) / AttentionKernels.SegmentPositions) + 1;
        return unit.Segment + unit.Segments < end ? unit.Segment + unit.Segments : end;
    }

    /// <summary>Loads a unit in a kernel.</summary>
    public static AttentionUnit Load(ulong address)
    {
        Uint4 first = Ptx.LoadUint4(address);
        Uint4 second = Ptx.LoadUint4(address + 16);
        return new AttentionUnit
        {
            FirstToken = (int)first.A,
            FirstRow = (int)first.B,
            Rows = (int)first.C,
            Start = (int)first.D,
            Table = (int)second.A,
            Segment = (int)second.B,
            Segments = (int)second.C,
            Partial = (int)second.D,
        };
    }
}
