using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>Expands e4m3 codes to bfloat16, which is exact.</summary>
internal static class E4M3Expansion
{
    private const uint TwoTo120 = 0x7B807B80;
    private const uint MinusZero = 0x80008000;

    /// <summary>Expands the codes in the upper bytes of both halves of <paramref name="codes"/>. The lower bytes do not matter.</summary>
    public static uint ToBf16Pair(uint codes)
    {
        // Exponent and mantissa in the place of those of bfloat16 give the value times 2^-120, subnormal codes included. Adding -0 keeps the sign of zero.
        uint small = (codes & 0x80008000) | ((codes >> 4) & 0x07F007F0);
        return Ptx.MultiplyAddBf16Pair(small, TwoTo120, MinusZero);
    }
}
