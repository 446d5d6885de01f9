using Iced.Intel;
using static HunyuanOrleans.Kernels.CodeGeneration.AssemblerExtensions;
using static Iced.Intel.AssemblerRegisters;

namespace HunyuanOrleans.Kernels.CodeGeneration;

/// <summary>Generates a loop that only runs one dot product instruction on registers. Its speed is the machine's limit for such products.</summary>
internal static class PeakCodeGenerator
{
    /// <summary>Number of independent instructions in an iteration, more than latency times throughput.</summary>
    public const int Chains = 28;

    /// <summary>Number of multiplications and additions in an iteration.</summary>
    public static double Operations(DotProduct dot) => Chains * 2.0 * 64 / (dot == DotProduct.Bytes ? 1 : 2);

    /// <summary>Assembles the loop. Its argument in rdi is the number of iterations.</summary>
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
