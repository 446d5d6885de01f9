using System.Runtime.InteropServices;
using HunyuanOrleans.Kernels.Panels;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace HunyuanOrleans.Kernels.CodeGeneration;

/// <summary>
/// Writes the vdpbf16ps panel kernel for one tile shape, which .NET cannot express. Each output element is one accumulator lane that
/// sees the steps in order, whatever the tile. System V calling convention: the argument is a <see cref="PanelArgs"/>* in rdi.
/// </summary>
internal static class Bf16PanelCode
{
    /// <summary>Bytes the weight stream is prefetched ahead when a tile reads it once (decode): measured best, see docs/numbers.md.</summary>
    private const int PrefetchDistance = 8192;

    private const int MaxTokens = 12;
    private const int Registers = 32;

    /// <summary>Whether a tile fits the register file.</summary>
    public static bool Fits(int tokens, int panels) =>
        tokens is >= 1 and <= MaxTokens && panels is >= 1 and <= 4 && (tokens * panels) + panels <= Registers;

    /// <summary>Assembles the kernel.</summary>
    /// <param name="tokens">Tokens in the tile.</param>
    /// <param name="panels">Panels of 16 rows in the tile.</param>
    /// <param name="weightStride">Bytes between steps of the weights.</param>
    /// <param name="ahead">What is read ahead.</param>
    public static byte[] Assemble(int tokens, int panels, int weightStride, ReadAhead ahead)
    {
        Assembler c = new(64) { PreferVex = false };
        AssemblerRegisterZMM Sum(int t, int p) => Zmm((t * panels) + p);
        AssemblerRegisterZMM Weight(int p) => Zmm((tokens * panels) + p);
        bool embedded = (tokens * panels) + panels + 1 > Registers;
        AssemblerRegisterZMM broadcast = zmm31;

        int nextLines = ahead.NextLines;
        if (nextLines > 0)
        {
            c.push(rbx);
            c.mov(rbx, __[rdi + Offset(nameof(PanelArgs.Next))]);
        }

        c.mov(rsi, __[rdi + Offset(nameof(PanelArgs.X))]);
        c.mov(r8, __[rdi + Offset(nameof(PanelArgs.XStride))]);
        c.mov(rdx, __[rdi + Offset(nameof(PanelArgs.W))]);
        c.mov(rcx, __[rdi + Offset(nameof(PanelArgs.Y))]);
        c.mov(r9, __[rdi + Offset(nameof(PanelArgs.YStride))]);
        c.mov(rax, __[rdi + Offset(nameof(PanelArgs.Steps))]);

        Label zero = c.CreateLabel();
        Label start = c.CreateLabel();
        c.cmp(__qword_ptr[rdi + Offset(nameof(PanelArgs.Accumulate))], 0);
        c.je(zero);
        c.mov(r10, rcx);
        for (int t = 0; t < tokens; t++)
        {
            for (int p = 0; p < panels; p++)
            {
                c.vmovups(Sum(t, p), __zmmword_ptr[r10 + (p * 64)]);
            }

            c.add(r10, r9);
        }

        c.jmp(start);
        c.Label(ref zero);
        for (int i = 0; i < tokens * panels; i++)
        {
            c.vpxord(Zmm(i), Zmm(i), Zmm(i));
        }

        // An instruction may carry one label only, and the next one may begin the loop.
        c.Label(ref start);
        c.nop();

        // Token t is read at base[t / 3] + (t % 3) * stride: four bases serve twelve tokens.
        AssemblerRegister64[] bases = [rsi, r10, r11, rdi];
        for (int b = 1; b <= (tokens - 1) / 3; b++)
        {
            c.lea(bases[b], __[bases[b - 1] + (r8 * 2)]);
            c.add(bases[b], r8);
        }

        AssemblerMemoryOperand Token(AssemblerMemoryOperandFactory size, int t, int offset) => (t % 3) switch
        {
            0 => size[bases[t / 3] + offset],
            1 => size[bases[t / 3] + (r8 * 1) + offset],
            _ => size[bases[t / 3] + (r8 * 2) + offset],
        };

        Label loop = c.CreateLabel();
        c.Label(ref loop);
        for (int u = 0; u < PanelKernels.StepUnit; u++)
        {
            for (int p = 0; p < panels; p++)
            {
                c.vmovups(Weight(p), __zmmword_ptr[rdx + ((u * weightStride) + (p * 64))]);
                if (ahead.Stream)
                {
                    c.prefetcht0(__byte_ptr[rdx + ((u * weightStride) + (p * 64) + PrefetchDistance)]);
                }
            }

            // Spread over the steps, so that they never fill the load buffers.
            for (int line = nextLines * u / PanelKernels.StepUnit; line < nextLines * (u + 1) / PanelKernels.StepUnit; line++)
            {
                c.prefetcht1(__byte_ptr[rbx + (line * 64)]);
            }

            for (int t = 0; t < tokens; t++)
            {
                if (!embedded)
                {
                    c.vbroadcastss(broadcast, Token(__dword_ptr, t, u * 4));
                }

                for (int p = 0; p < panels; p++)
                {
                    if (embedded)
                    {
                        c.vdpbf16ps(Sum(t, p), Weight(p), Token(__dword_bcst, t, u * 4));
                    }
                    else
                    {
                        c.vdpbf16ps(Sum(t, p), Weight(p), broadcast);
                    }
                }
            }
        }

        c.add(rdx, PanelKernels.StepUnit * weightStride);
        if (nextLines > 0)
        {
            c.add(rbx, nextLines * 64);
        }

        for (int b = 0; b <= (tokens - 1) / 3; b++)
        {
            c.add(bases[b], PanelKernels.StepUnit * 4);
        }

        c.sub(rax, PanelKernels.StepUnit);
        c.jg(loop);

        for (int t = 0; t < tokens; t++)
        {
            for (int p = 0; p < panels; p++)
            {
                c.vmovups(__zmmword_ptr[rcx + (p * 64)], Sum(t, p));
            }

            c.add(rcx, r9);
        }

        c.vzeroupper();
        if (nextLines > 0)
        {
            c.pop(rbx);
        }

        c.ret();
        using MemoryStream stream = new();
        c.Assemble(new StreamCodeWriter(stream), 0);
        return stream.ToArray();
    }

    private static AssemblerRegisterZMM Zmm(int index) => AllZmm[index];

    private static readonly AssemblerRegisterZMM[] AllZmm =
    [
        zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15,
        zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31,
    ];

    private static int Offset(string field) => (int)Marshal.OffsetOf<PanelArgs>(field);
}
