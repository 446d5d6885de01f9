using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>Loads keys and values as the second operand of tensor core products. Codes are expanded to bfloat16 without their scales, which is exact.</summary>
internal static class KvExpansion
{
    private const uint One = 0x3F803F80;
    private const uint MinusZero = 0x80008000;

    /// <summary>The eight elements of a lane from 32 groups of eight that follow each other.</summary>
    public static Uint4 Load8(ulong groups, int lane, int format)
    {
        if (format == KvFormat.Bf16)
        {
            return Ptx.LoadUint4(groups + ((ulong)lane * 16));
        }

        Uint2 codes = Ptx.LoadUint2(groups + ((ulong)lane * 8));
        Uint2 low = Expand(codes.A, format);
        Uint2 high = Expand(codes.B, format);
        return new Uint4 { A = low.A, B = low.B, C = high.A, D = high.B };
    }

    /// <summary>The four elements of a lane from 32 groups of four that follow each other.</summary>
    public static Uint2 Load4(ulong groups, int lane, int format) => format == KvFormat.Bf16
        ? Ptx.LoadUint2(groups + ((ulong)lane * 8))
        : Expand(Ptx.LoadUint(groups + ((ulong)lane * 4)), format);

    private static Uint2 Expand(uint codes, int format) => format == KvFormat.I8
        ? new Uint2 { A = Integers(Ptx.Permute(codes, 0x43434343, 0x4140)), B = Integers(Ptx.Permute(codes, 0x43434343, 0x4342)) }
        : new Uint2 { A = E4M3Expansion.ToBf16Pair(Ptx.Permute(codes, 0, 0x1404)), B = E4M3Expansion.ToBf16Pair(Ptx.Permute(codes, 0, 0x3424)) };

    // With the upper byte 0x43, the lower seven bits of a code are the bfloat16 128 + bits, and its sign selects 128 or 256 to subtract.
    private static uint Integers(uint codes) =>
        Ptx.MultiplyAddBf16Pair(codes & 0xFF7FFF7F, One, (codes & 0xFF80FF80) ^ MinusZero);
}
