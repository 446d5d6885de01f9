using Iced.Intel;
using static HunyuanOrleans.Kernels.CodeGeneration.KernelAssembly;
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
            c.vpxord(Zmm[i], Zmm[i], Zmm[i]);
        }

        Label loop = c.CreateLabel();
        c.Label(ref loop);
        for (int i = 0; i < Chains; i++)
        {
            if (dot == DotProduct.Bytes)
            {
                c.vpdpbusd(Zmm[i], Zmm[Chains], Zmm[Chains + 1]);
            }
            else
            {
                c.vdpbf16ps(Zmm[i], Zmm[Chains], Zmm[Chains + 1]);
            }
        }

        c.dec(rdi);
        c.jnz(loop);
        c.vzeroupper();
        c.ret();
        return c.ToBytes();
    }
}
