using System.Runtime.InteropServices;
using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Attention;

/// <summary>Where the keys and values of a row go. The host writes rows, kernels read them.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AttentionStepRow
{
    /// <summary>Bytes of a row.</summary>
    public const int Bytes = 16;

    /// <summary>The block.</summary>
    public int Block;

    /// <summary>Number of the position in the block.</summary>
    public int Position;

    /// <summary>1 if the values of later positions of the block are cleared, otherwise 0.</summary>
    public int Clears;

    /// <summary>Not used.</summary>
    public int Padding;

    /// <summary>Loads a row in a kernel.</summary>
    public static AttentionStepRow Load(ulong address)
    {
        Uint4 row = Ptx.LoadUint4(address);
        return new AttentionStepRow { Block = (int)row.A, Position = (int)row.B, Clears = (int)row.C };
    }
}
