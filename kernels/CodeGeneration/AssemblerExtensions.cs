using System.Runtime.InteropServices;
using HunyuanOrleans.Kernels.Panels;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace HunyuanOrleans.Kernels.CodeGeneration;

/// <summary>Helpers that all code generators share.</summary>
internal static class AssemblerExtensions
{
    /// <summary>The vector registers, by number.</summary>
    public static readonly AssemblerRegisterZMM[] Zmm =
    [
        zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15,
        zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31,
    ];

    /// <summary>The 256-bit halves of the first 16 vector registers, by number.</summary>
    public static readonly AssemblerRegisterYMM[] Ymm =
    [
        ymm0, ymm1, ymm2, ymm3, ymm4, ymm5, ymm6, ymm7, ymm8, ymm9, ymm10, ymm11, ymm12, ymm13, ymm14, ymm15,
    ];

    /// <summary>The memory operand of a field of the <see cref="PanelArgs"/> that rdi points to.</summary>
    public static AssemblerMemoryOperand Argument(string field) => __qword_ptr[rdi + (int)Marshal.OffsetOf<PanelArgs>(field)];

    /// <summary>Assembles to machine code.</summary>
    public static byte[] ToBytes(this Assembler code)
    {
        using MemoryStream stream = new();
        code.Assemble(new StreamCodeWriter(stream), 0);
        return stream.ToArray();
    }
}
