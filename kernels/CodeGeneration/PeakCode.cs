using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace HunyuanOrleans.Kernels.CodeGeneration;

/// <summary>Writes a loop of nothing but one dot product instruction on registers: its speed is the machine's limit for such products.</summary>
internal static class PeakCode
{
    /// <summary>Instructions of one turn of the loop; independent, and more than latency times throughput.</summary>
    public const int Chains = 28;

    /// <summary>Multiplications and additions of one turn.</summary>
    public static double Operations(DotProduct dot) => Chains * 2.0 * 64 / (dot == DotProduct.Bytes ? 1 : 2);

    /// <summary>Assembles it. The argument, the number of turns, is in rdi.</summary>
    public static byte[] Assemble(DotProduct dot)
    {
        Assembler c = new(64) { PreferVex = false };
        for (int i = 0; i < Chains + 2; i++)
        {
            c.vpxord(Registers[i], Registers[i], Registers[i]);
        }

        Label loop = c.CreateLabel();
        c.Label(ref loop);
        for (int i = 0; i < Chains; i++)
        {
            if (dot == DotProduct.Bytes)
            {
                c.vpdpbusd(Registers[i], Registers[Chains], Registers[Chains + 1]);
            }
            else
            {
                c.vdpbf16ps(Registers[i], Registers[Chains], Registers[Chains + 1]);
            }
        }

        c.dec(rdi);
        c.jnz(loop);
        c.vzeroupper();
        c.ret();
        using MemoryStream stream = new();
        c.Assemble(new StreamCodeWriter(stream), 0);
        return stream.ToArray();
    }

    private static readonly AssemblerRegisterZMM[] Registers =
    [
        zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15,
        zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29,
    ];
}
