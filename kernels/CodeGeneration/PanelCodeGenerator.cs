using HunyuanOrleans.Kernels.Panels;
using Iced.Intel;
using static HunyuanOrleans.Kernels.CodeGeneration.AssemblerExtensions;
using static Iced.Intel.AssemblerRegisters;

namespace HunyuanOrleans.Kernels.CodeGeneration;

/// <summary>
/// Generates panel kernels with the instruction of a <see cref="DotProduct"/>, which .NET does not offer. Each output element is one accumulator
/// lane that adds the steps in order, whatever the tile. Kernels follow the System V calling convention: the argument is a
/// <see cref="PanelArgs"/>* in rdi.
/// </summary>
internal class PanelCodeGenerator
{
    /// <summary>Distance in bytes of the prefetch when a tile reads its weights once (decode). Measured best.</summary>
    private const int PrefetchDistance = 8192;

    private const int MaxTokens = 12;
    private const int Registers = 32;

    /// <summary>Whether the sums and weights of a tile fit the registers.</summary>
    public static bool Fits(int tokens, int panels) =>
        tokens is >= 1 and <= MaxTokens && panels is >= 1 and <= 4 && (tokens * panels) + panels <= Registers;

    protected Assembler C { get; } = new(64) { PreferVex = false };

    private readonly AssemblerRegister64[] _tokenBases = [rsi, r10, r11, rdi];
    private readonly DotProduct _dot;
    private readonly int _stride;
    private readonly ReadAhead _ahead;
    private readonly bool _pieces;

    protected int Tokens { get; }

    protected int Panels { get; }

    /// <summary>Bytes of x per step.</summary>
    protected virtual int XStepBytes => 4;

    protected PanelCodeGenerator(DotProduct dot, in PanelShape shape)
    {
        _dot = dot;
        Tokens = shape.Tokens;
        Panels = shape.Panels;
        _stride = shape.Stride;
        _ahead = shape.Ahead;
        _pieces = shape.Pieces;
    }

    // If no register is left for x, it is read by embedded broadcast, which needs more loads.
    private bool UsesEmbeddedBroadcast => (Tokens * Panels) + Panels + 1 > Registers;

    private AssemblerRegister64 NextWeights => _pieces ? r14 : rbx;

    private int UsedBases => ((Tokens - 1) / 3) + 1;

    /// <summary>Assembles the kernel.</summary>
    /// <param name="dot">The instruction that multiplies.</param>
    /// <param name="shape">What the kernel is made for.</param>
    public static byte[] Assemble(DotProduct dot, in PanelShape shape) => new PanelCodeGenerator(dot, in shape).Assemble();

    /// <summary>Assembles the kernel. Call it once only.</summary>
    public byte[] Assemble()
    {
        WriteProlog();
        LoadArguments();
        InitializeSums();
        SetTokenBases();
        Label piece = C.CreateLabel();
        if (_pieces)
        {
            C.Label(ref piece);
            C.mov(rdx, __[rbx]);
            C.mov(r14, __[rbx + sizeof(long)]);
            C.mov(rax, r12);
        }

        Label loop = C.CreateLabel();
        C.Label(ref loop);
        for (int u = 0; u < PanelKernels.StepUnit; u++)
        {
            MultiplyStep(u);
        }

        Advance();
        C.sub(rax, PanelKernels.StepUnit);
        C.jg(loop);
        if (_pieces)
        {
            C.add(rbx, 2 * sizeof(long));
            C.dec(r13);
            C.jg(piece);
        }

        StoreSums();
        Exit();
        WriteData();
        return C.ToBytes();
    }

    // Register use. rsi, r10, r11, rdi: x; r8: stride of x; rdx: weights; rcx, r9: y and its stride; rax: steps left; rbx: weights to read
    // ahead, or the list of pieces with r12 steps each, of which r13 are left, and r14 what to read ahead.
    private void LoadArguments()
    {
        if (_pieces)
        {
            C.push(r12);
            C.push(r13);
            C.push(r14);
            C.mov(r12, Argument(nameof(PanelArgs.Steps)));
            C.mov(r13, Argument(nameof(PanelArgs.PieceCount)));
        }

        if (_pieces || _ahead.NextLines > 0)
        {
            C.push(rbx);
            C.mov(rbx, Argument(_pieces ? nameof(PanelArgs.Pieces) : nameof(PanelArgs.Next)));
        }

        C.mov(rsi, Argument(nameof(PanelArgs.X)));
        C.mov(r8, Argument(nameof(PanelArgs.XStride)));
        C.mov(rdx, Argument(nameof(PanelArgs.W)));
        C.mov(rcx, Argument(nameof(PanelArgs.Y)));
        C.mov(r9, Argument(nameof(PanelArgs.YStride)));
        C.mov(rax, Argument(nameof(PanelArgs.Steps)));
    }

    private void InitializeSums()
    {
        Label zero = C.CreateLabel();
        Label start = C.CreateLabel();
        C.cmp(Argument(nameof(PanelArgs.Accumulate)), 0);
        C.je(zero);
        C.mov(r10, rcx);
        for (int t = 0; t < Tokens; t++)
        {
            for (int p = 0; p < Panels; p++)
            {
                C.vmovups(Sum(t, p), __zmmword_ptr[r10 + (p * 64)]);
            }

            C.add(r10, r9);
        }

        C.jmp(start);
        C.Label(ref zero);
        for (int i = 0; i < Tokens * Panels; i++)
        {
            C.vpxord(Zmm[i], Zmm[i], Zmm[i]);
        }

        // The assembler allows one label per instruction, and the next instruction may have the label of the loop.
        C.Label(ref start);
        C.nop();
    }

    // Token t is read at base[t / 3] + (t % 3) * stride, so four base registers serve twelve tokens.
    private void SetTokenBases()
    {
        for (int b = 1; b < UsedBases; b++)
        {
            C.lea(_tokenBases[b], __[_tokenBases[b - 1] + (r8 * 2)]);
            C.add(_tokenBases[b], r8);
        }
    }

    /// <summary>Writes instructions before everything else.</summary>
    protected virtual void WriteProlog()
    {
    }

    /// <summary>Writes data after the code.</summary>
    protected virtual void WriteData()
    {
    }

    /// <summary>Writes the multiplication of step <paramref name="u"/> of a group.</summary>
    protected virtual void MultiplyStep(int u)
    {
        for (int p = 0; p < Panels; p++)
        {
            LoadWeight(Weight(p), u, p);
        }

        PrefetchNext(u);
        for (int t = 0; t < Tokens; t++)
        {
            if (!UsesEmbeddedBroadcast)
            {
                C.vbroadcastss(zmm31, Token(__dword_ptr, t, u * 4));
            }

            for (int p = 0; p < Panels; p++)
            {
                Multiply(Sum(t, p), Weight(p), t, u);
            }
        }
    }

    protected void LoadWeight(AssemblerRegisterZMM register, int u, int p)
    {
        int at = (u * _stride) + (p * 64);
        C.vmovups(register, __zmmword_ptr[rdx + at]);
        if (_ahead.Stream)
        {
            C.prefetcht0(__byte_ptr[rdx + (at + PrefetchDistance)]);
        }
    }

    /// <summary>Prefetches the lines of one step. Lines are spread over the steps, so that they do not fill the load buffers.</summary>
    protected void PrefetchNext(int u)
    {
        int lines = _ahead.NextLines;
        for (int line = lines * u / PanelKernels.StepUnit; line < lines * (u + 1) / PanelKernels.StepUnit; line++)
        {
            C.prefetcht1(__byte_ptr[NextWeights + (line * 64)]);
        }
    }

    private void Multiply(AssemblerRegisterZMM sum, AssemblerRegisterZMM weight, int t, int u)
    {
        switch (_dot, UsesEmbeddedBroadcast)
        {
            case (DotProduct.Bf16Pairs, true):
                C.vdpbf16ps(sum, weight, Token(__dword_bcst, t, u * 4));
                break;
            case (DotProduct.Bf16Pairs, false):
                C.vdpbf16ps(sum, weight, zmm31);
                break;
            case (_, true):
                C.vpdpbusd(sum, weight, Token(__dword_bcst, t, u * 4));
                break;
            default:
                C.vpdpbusd(sum, weight, zmm31);
                break;
        }
    }

    private void Advance()
    {
        C.add(rdx, PanelKernels.StepUnit * _stride);
        if (_ahead.NextLines > 0)
        {
            C.add(NextWeights, _ahead.NextLines * 64);
        }

        for (int b = 0; b < UsedBases; b++)
        {
            C.add(_tokenBases[b], PanelKernels.StepUnit * XStepBytes);
        }
    }

    private void StoreSums()
    {
        for (int t = 0; t < Tokens; t++)
        {
            for (int p = 0; p < Panels; p++)
            {
                C.vmovups(__zmmword_ptr[rcx + (p * 64)], Sum(t, p));
            }

            C.add(rcx, r9);
        }
    }

    private void Exit()
    {
        C.vzeroupper();
        if (_pieces || _ahead.NextLines > 0)
        {
            C.pop(rbx);
        }

        if (_pieces)
        {
            C.pop(r14);
            C.pop(r13);
            C.pop(r12);
        }

        C.ret();
    }

    protected AssemblerMemoryOperand Token(AssemblerMemoryOperandFactory size, int t, int offset) => (t % 3) switch
    {
        0 => size[_tokenBases[t / 3] + offset],
        1 => size[_tokenBases[t / 3] + (r8 * 1) + offset],
        _ => size[_tokenBases[t / 3] + (r8 * 2) + offset],
    };

    protected AssemblerRegisterZMM Sum(int t, int p) => Zmm[(t * Panels) + p];

    private AssemblerRegisterZMM Weight(int p) => Zmm[(Tokens * Panels) + p];
}
