using System.Runtime.InteropServices;

namespace HunyuanOrleans.Kernels.Panels;

/// <summary>
/// The operands of one panel kernel call: y[t, r] (+)= sum over steps s of x[t, s] . w[s, r], for a tile of tokens t and of rows r.
/// A step is 4 bytes of x and of w: one float32; a pair of bfloat16 whose products are added one after the other; or four bytes, signed in
/// x and unsigned in w. If a kernel expands its weights, a step has fewer bytes of w than of x. Generated code uses the field offsets.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct PanelArgs
{
    /// <summary>x of the first token, 4 bytes per step.</summary>
    public byte* X;

    /// <summary>Bytes from x of one token to x of the next.</summary>
    public long XStride;

    /// <summary>Weights of step 0: panels of 16 rows, 64 bytes each, side by side.</summary>
    public byte* W;

    /// <summary>Results of the first token: float32, or 32-bit integers if bytes are multiplied.</summary>
    public float* Y;

    /// <summary>Bytes from the results of one token to those of the next.</summary>
    public long YStride;

    /// <summary>Number of steps, a multiple of <see cref="PanelKernels.StepUnit"/>.</summary>
    public long Steps;

    /// <summary>1 to continue the sums in y, 0 to start from zero.</summary>
    public long Accumulate;

    /// <summary>Weights that are needed next. Kernels with <see cref="ReadAhead.NextLines"/> prefetch them to the second-level cache.</summary>
    public byte* Next;

    /// <summary>
    /// For kernels with pieces: for each of consecutive runs of <see cref="Steps"/> steps the address of its weights, and of what is prefetched
    /// meanwhile. <see cref="W"/> and <see cref="Next"/> are not used then. x continues from piece to piece.
    /// </summary>
    public byte** Pieces;

    /// <summary>Number of pieces; 0 for kernels without pieces.</summary>
    public long PieceCount;

    /// <summary>Bytes from the weights of one step to those of the next.</summary>
    public long WStride;

    /// <summary>For 4-bit weights, the initial integer sums of the first token, an int32 per group: -8 times the sum of x in the group.</summary>
    public int* InitialSums;

    /// <summary>Bytes from the initial sums of one token to those of the next.</summary>
    public long InitialSumStride;

    /// <summary>Tokens in the tile. Portable kernels read it; it is fixed in generated code.</summary>
    public int Tokens;

    /// <summary>Panels in the tile. Portable kernels read it; it is fixed in generated code.</summary>
    public int Panels;
}
