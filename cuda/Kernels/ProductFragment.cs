using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>A lane's part of a tile of weights in registers.</summary>
internal struct ProductFragment
{
    /// <summary>bf16 weights of the first 16 columns.</summary>
    public Uint4 First;

    /// <summary>bf16 weights of the other 16 columns.</summary>
    public Uint4 Second;

    /// <summary>Scale of the lane's upper row in this tile, if the form has one.</summary>
    public float UpperScale;

    /// <summary>Scale of the lane's lower row in this tile, if the form has one.</summary>
    public float LowerScale;

    /// <summary>Adds the products of both steps to the sums.</summary>
    public Float4 Multiply(Uint4 tokens, Float4 sums) =>
        Ptx.Multiply(Second, tokens.C, tokens.D, Ptx.Multiply(First, tokens.A, tokens.B, sums));
}
