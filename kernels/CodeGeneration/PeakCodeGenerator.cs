using Iced.Intel;
using static HunyuanOrleans.Kernels.CodeGeneration.AssemblerExtensions;
using static Iced.Intel.AssemblerRegisters;

namespace HunyuanOrleans.Kernels.CodeGeneration;

/// <summary>Generates a loop that only runs one dot product instruction on registers. Its speed is the machine's limit for such products.</summary>
/// <param name="dot">The instruction.</param>
/// <param name="wide">Whether vectors have 512 bits.</param>
internal sealed class PeakCodeGenerator(DotProduct dot, bool wide)
{
    private readonly VectorCode _v = new(wide);

    /// <summary>Number of multiplications and additions in an iteration.</summary>
    public double Operations => Chains * 2.0 * _v.Bytes / (dot == DotProduct.Bytes ? 1 : 2);

    // Independent instructions in an iteration, more than latency times throughput.
    private int Chains => _v.Registers - 4;

    /// <summary>Assembles the loop. Its argument in rdi is the number of iterations.</summary>
    public byte[] Assemble()
    {
        for (int i = 0; i < Chains + 2; i++)
        {
            _v.Zero(i);
        }

        Label loop = _v.C.CreateLabel();
        _v.C.Label(ref loop);
        for (int i = 0; i < Chains; i++)
        {
            if (dot == DotProduct.Bytes)
            {
                _v.AddByteProducts(i, Chains, Chains + 1);
            }
            else
            {
                _v.C.vdpbf16ps(Zmm[i], Zmm[Chains], Zmm[Chains + 1]);
            }
        }

        _v.C.dec(rdi);
        _v.C.jnz(loop);
        _v.C.vzeroupper();
        _v.C.ret();
        return _v.C.ToBytes();
    }
}
