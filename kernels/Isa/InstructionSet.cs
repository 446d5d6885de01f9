namespace HunyuanOrleans.Kernels.Isa;

/// <summary>
/// The instructions that the kernels use, weakest first. All but the last give the same bits on one machine. On Linux, the kernels of x86
/// processors are machine code that is generated at first use.
/// </summary>
public enum InstructionSet
{
    /// <summary>128-bit vectors, any processor, no generated code.</summary>
    Portable,

    /// <summary>256-bit vectors with FMA (AVX2).</summary>
    Avx2,

    /// <summary>256-bit vectors, and vpdpbusd for products of bytes (AVX-VNNI).</summary>
    AvxVnni,

    /// <summary>512-bit vectors.</summary>
    Avx512,

    /// <summary>512-bit vectors, and vpdpbusd for products of bytes (AVX-512 VNNI).</summary>
    Avx512Vnni,

    /// <summary>512-bit vectors, vdpbf16ps for products of bfloat16 and, if the processor has it, vpdpbusd for products of bytes.</summary>
    Avx512Bf16,
}
