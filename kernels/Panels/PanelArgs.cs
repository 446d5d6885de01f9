using System.Runtime.InteropServices;

namespace HunyuanOrleans.Kernels.Panels;

/// <summary>
/// The operands of one panel kernel call: y[t, r] (+)= sum over steps s of x[t, s] . w[s, r], for a tile of tokens t and of rows r.
/// A step is 4 bytes of x and of w: one float32, a pair of bfloat16 whose products are added one after the other, or four bytes, signed
/// of x and unsigned of w. Weights whose elements are expanded on the way have fewer bytes of w than of x.
/// Field offsets are known to the generated code.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct PanelArgs
{
    /// <summary>First token's x, 4 bytes a step.</summary>
    public byte* X;

    /// <summary>Bytes from one token's x to the next one's.</summary>
    public long XStride;

    /// <summary>Weights of step 0: panels of 16 rows, 64 bytes each, side by side.</summary>
    public byte* W;

    /// <summary>First token's results: float32, or 32-bit integers where bytes are multiplied.</summary>
    public float* Y;

    /// <summary>Bytes from one token's results to the next one's.</summary>
    public long YStride;

    /// <summary>Number of steps, a multiple of <see cref="PanelKernels.StepUnit"/>.</summary>
    public long Steps;

    /// <summary>1: continue the sums found in y; 0: start from zero.</summary>
    public long Accumulate;

    /// <summary>Weights that will be needed next; read ahead into the second-level cache by kernels made for it.</summary>
    public byte* Next;

    /// <summary>
    /// Where the weights of consecutive runs of <see cref="Steps"/> steps lie, for kernels made for it; <see cref="W"/> is not used then.
    /// x continues from piece to piece.
    /// </summary>
    public byte** Pieces;

    /// <summary>Number of pieces; 0 in kernels without.</summary>
    public long PieceCount;

    /// <summary>Bytes from one step's weights to the next one's.</summary>
    public long WStride;

    /// <summary>For 4-bit weights, what the first token's integer sums start from, an int32 a group: -8 times the sum of its x.</summary>
    public int* Starts;

    /// <summary>Bytes from one token's starts to the next one's.</summary>
    public long StartStride;

    /// <summary>Tokens in the tile (fixed in generated code, read by the portable kernels).</summary>
    public int Tokens;

    /// <summary>Panels in the tile, likewise.</summary>
    public int Panels;
}
