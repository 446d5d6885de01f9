namespace HunyuanOrleans.Kernels.CodeGeneration;

/// <summary>The instruction that multiplies the 4 bytes of a step.</summary>
internal enum DotProduct
{
    /// <summary>vdpbf16ps: two bfloat16 of w and of x, with float32 sums.</summary>
    Bf16Pairs,

    /// <summary>vpdpbusd: four unsigned bytes of w and four signed bytes of x, with 32-bit integer sums.</summary>
    Bytes,
}
