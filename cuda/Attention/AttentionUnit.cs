using System.Runtime.InteropServices;
using HunyuanOrleans.Cuda.Compilation;

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

    /// <summary>The segment to attend to, or -1 for all. In a merge: the number of segments.</summary>
    public int Segment;

    /// <summary>The partial result to write, or -1 for none. In a merge: the partial result of the first segment; those of the others follow.</summary>
    public int Partial;

    /// <summary>Not used.</summary>
    public int Padding;

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
            Partial = (int)second.C,
        };
    }
}
