namespace HunyuanOrleans.Kernels.CodeGeneration;

/// <summary>Which instruction multiplies a step's 4 bytes.</summary>
internal enum DotProduct
{
    /// <summary>vdpbf16ps: two bfloat16, float32 sums.</summary>
    Bf16Pairs,

    /// <summary>vpdpbusd: four unsigned bytes of w with four signed ones of x, 32-bit integer sums.</summary>
    Bytes,
}
