using System.Runtime.InteropServices;
using HunyuanOrleans.Kernels.Panels;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace HunyuanOrleans.Kernels.CodeGeneration;

/// <summary>
/// Writes the panel kernel of a <see cref="DotProduct"/> for one tile shape, which .NET cannot express. Each output element is one
/// accumulator lane that sees the steps in order, whatever the tile. System V calling convention: the argument is a <see cref="PanelArgs"/>* in rdi.
/// </summary>
internal sealed class PanelCode
{
    /// <summary>Bytes the weight stream is prefetched ahead when a tile reads it once (decode): measured best, see docs/numbers.md.</summary>
    private const int PrefetchDistance = 8192;

    private const int MaxTokens = 12;
    private const int Registers = 32;

    /// <summary>Whether a tile fits the register file.</summary>
    public static bool Fits(int tokens, int panels) =>
        tokens is >= 1 and <= MaxTokens && panels is >= 1 and <= 4 && (tokens * panels) + panels <= Registers;

    private readonly Assembler _c = new(64) { PreferVex = false };
    private readonly AssemblerRegister64[] _tokenBases = [rsi, r10, r11, rdi];
    private readonly DotProduct _dot;
    private readonly int _tokens;
    private readonly int _panels;
    private readonly int _stride;
    private readonly ReadAhead _ahead;
    private readonly bool _pieces;

    private PanelCode(DotProduct dot, int tokens, int panels, int weightStride, ReadAhead ahead, bool pieces)
    {
        _dot = dot;
        _tokens = tokens;
        _panels = panels;
        _stride = weightStride;
        _ahead = ahead;
        _pieces = pieces;
    }

    // With no register left for it, x comes by embedded broadcast: more loads, but one register fewer.
    private bool Embedded => (_tokens * _panels) + _panels + 1 > Registers;

    private int UsedBases => ((_tokens - 1) / 3) + 1;

    /// <summary>Assembles the kernel.</summary>
    /// <param name="dot">What multiplies.</param>
    /// <param name="tokens">Tokens in the tile.</param>
    /// <param name="panels">Panels of 16 rows in the tile.</param>
    /// <param name="weightStride">Bytes between steps of the weights.</param>
    /// <param name="ahead">What is read ahead.</param>
    /// <param name="pieces">Whether the weights lie in several places, <see cref="PanelArgs.Pieces"/>, walked in order.</param>
    public static byte[] Assemble(DotProduct dot, int tokens, int panels, int weightStride, ReadAhead ahead, bool pieces) =>
        new PanelCode(dot, tokens, panels, weightStride, ahead, pieces).Assemble();

    private byte[] Assemble()
    {
        LoadArguments();
        StartSums();
        PointAtTokens();
        Label piece = _c.CreateLabel();
        if (_pieces)
        {
            _c.Label(ref piece);
            _c.mov(rdx, __[rbx]);
            _c.mov(rax, r12);
        }

        Label loop = _c.CreateLabel();
        _c.Label(ref loop);
        for (int u = 0; u < PanelKernels.StepUnit; u++)
        {
            Step(u);
        }

        Advance();
        _c.sub(rax, PanelKernels.StepUnit);
        _c.jg(loop);
        if (_pieces)
        {
            _c.add(rbx, sizeof(long));
            _c.dec(r13);
            _c.jg(piece);
        }

        StoreSums();
        Return();
        using MemoryStream stream = new();
        _c.Assemble(new StreamCodeWriter(stream), 0);
        return stream.ToArray();
    }

    // rsi, r10, r11, rdi: x; r8: its stride; rdx: weights; rcx, r9: y and its stride; rax: steps left; rbx: what to read ahead, or the
    // list of pieces with r12 steps each, r13 of them left.
    private void LoadArguments()
    {
        if (_pieces)
        {
            _c.push(r12);
            _c.push(r13);
            _c.mov(r12, Argument(nameof(PanelArgs.Steps)));
            _c.mov(r13, Argument(nameof(PanelArgs.PieceCount)));
        }

        if (_pieces || _ahead.NextLines > 0)
        {
            _c.push(rbx);
            _c.mov(rbx, Argument(_pieces ? nameof(PanelArgs.Pieces) : nameof(PanelArgs.Next)));
        }

        _c.mov(rsi, Argument(nameof(PanelArgs.X)));
        _c.mov(r8, Argument(nameof(PanelArgs.XStride)));
        _c.mov(rdx, Argument(nameof(PanelArgs.W)));
        _c.mov(rcx, Argument(nameof(PanelArgs.Y)));
        _c.mov(r9, Argument(nameof(PanelArgs.YStride)));
        _c.mov(rax, Argument(nameof(PanelArgs.Steps)));
    }

    private void StartSums()
    {
        Label zero = _c.CreateLabel();
        Label start = _c.CreateLabel();
        _c.cmp(Argument(nameof(PanelArgs.Accumulate)), 0);
        _c.je(zero);
        _c.mov(r10, rcx);
        for (int t = 0; t < _tokens; t++)
        {
            for (int p = 0; p < _panels; p++)
            {
                _c.vmovups(Sum(t, p), __zmmword_ptr[r10 + (p * 64)]);
            }

            _c.add(r10, r9);
        }

        _c.jmp(start);
        _c.Label(ref zero);
        for (int i = 0; i < _tokens * _panels; i++)
        {
            _c.vpxord(AllZmm[i], AllZmm[i], AllZmm[i]);
        }

        // An instruction may carry one label only, and the next one may begin the loop.
        _c.Label(ref start);
        _c.nop();
    }

    // Token t is read at base[t / 3] + (t % 3) * stride: four bases serve twelve tokens.
    private void PointAtTokens()
    {
        for (int b = 1; b < UsedBases; b++)
        {
            _c.lea(_tokenBases[b], __[_tokenBases[b - 1] + (r8 * 2)]);
            _c.add(_tokenBases[b], r8);
        }
    }

    private void Step(int u)
    {
        for (int p = 0; p < _panels; p++)
        {
            int at = (u * _stride) + (p * 64);
            _c.vmovups(Weight(p), __zmmword_ptr[rdx + at]);
            if (_ahead.Stream)
            {
                _c.prefetcht0(__byte_ptr[rdx + (at + PrefetchDistance)]);
            }
        }

        // Spread over the steps, so that they never fill the load buffers.
        int lines = _ahead.NextLines;
        for (int line = lines * u / PanelKernels.StepUnit; line < lines * (u + 1) / PanelKernels.StepUnit; line++)
        {
            _c.prefetcht1(__byte_ptr[rbx + (line * 64)]);
        }

        for (int t = 0; t < _tokens; t++)
        {
            if (!Embedded)
            {
                _c.vbroadcastss(zmm31, Token(__dword_ptr, t, u * 4));
            }

            for (int p = 0; p < _panels; p++)
            {
                Multiply(Sum(t, p), Weight(p), t, u);
            }
        }
    }

    private void Multiply(AssemblerRegisterZMM sum, AssemblerRegisterZMM weight, int t, int u)
    {
        switch (_dot, Embedded)
        {
            case (DotProduct.Bf16Pairs, true):
                _c.vdpbf16ps(sum, weight, Token(__dword_bcst, t, u * 4));
                break;
            case (DotProduct.Bf16Pairs, false):
                _c.vdpbf16ps(sum, weight, zmm31);
                break;
            case (_, true):
                _c.vpdpbusd(sum, weight, Token(__dword_bcst, t, u * 4));
                break;
            default:
                _c.vpdpbusd(sum, weight, zmm31);
                break;
        }
    }

    private void Advance()
    {
        _c.add(rdx, PanelKernels.StepUnit * _stride);
        if (_ahead.NextLines > 0)
        {
            _c.add(rbx, _ahead.NextLines * 64);
        }

        for (int b = 0; b < UsedBases; b++)
        {
            _c.add(_tokenBases[b], PanelKernels.StepUnit * 4);
        }
    }

    private void StoreSums()
    {
        for (int t = 0; t < _tokens; t++)
        {
            for (int p = 0; p < _panels; p++)
            {
                _c.vmovups(__zmmword_ptr[rcx + (p * 64)], Sum(t, p));
            }

            _c.add(rcx, r9);
        }
    }

    private void Return()
    {
        _c.vzeroupper();
        if (_pieces || _ahead.NextLines > 0)
        {
            _c.pop(rbx);
        }

        if (_pieces)
        {
            _c.pop(r13);
            _c.pop(r12);
        }

        _c.ret();
    }

    private AssemblerMemoryOperand Token(AssemblerMemoryOperandFactory size, int t, int offset) => (t % 3) switch
    {
        0 => size[_tokenBases[t / 3] + offset],
        1 => size[_tokenBases[t / 3] + (r8 * 1) + offset],
        _ => size[_tokenBases[t / 3] + (r8 * 2) + offset],
    };

    private AssemblerRegisterZMM Sum(int t, int p) => AllZmm[(t * _panels) + p];

    private AssemblerRegisterZMM Weight(int p) => AllZmm[(_tokens * _panels) + p];

    private static AssemblerMemoryOperand Argument(string field) => __qword_ptr[rdi + (int)Marshal.OffsetOf<PanelArgs>(field)];

    private static readonly AssemblerRegisterZMM[] AllZmm =
    [
        zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15,
        zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31,
    ];
}
