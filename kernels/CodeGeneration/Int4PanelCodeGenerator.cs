using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;
using Iced.Intel;
using static HunyuanOrleans.Kernels.CodeGeneration.AssemblerExtensions;
using static Iced.Intel.AssemblerRegisters;

namespace HunyuanOrleans.Kernels.CodeGeneration;

/// <summary>
/// Generates panel kernels for 4-bit weights with vpdpbusd. The products of a group of 32 columns are added exactly, as integers. Each output is
/// a chain of float32 multiply-adds over the groups, whatever the tile. Kernels follow the System V calling convention: the argument is a
/// <see cref="PanelArgs"/>* in rdi.
/// </summary>
internal sealed class Int4PanelCodeGenerator
{
    /// <summary>Distance in bytes of the prefetch when a tile reads its weights once (decode). Measured best.</summary>
    private const int PrefetchDistance = 16384;

    /// <summary>Most tokens in a tile.</summary>
    public const int MaxTokens = 6;

    // Number of panels that are unpacked together, so that each broadcast of x serves two products.
    private const int SetPanels = 2;
    private const int Registers = 32;

    private readonly Assembler _c = new(64) { PreferVex = false };
    private readonly AssemblerRegister64[] _tokenBases = [rsi, r10];
    private readonly AssemblerRegister64[] _initialSumBases = [r11, r12];
    private readonly int _tokens;
    private readonly int _panels;
    private readonly ReadAhead _ahead;

    private Int4PanelCodeGenerator(int tokens, int panels, ReadAhead ahead)
    {
        _tokens = tokens;
        _panels = panels;
        _ahead = ahead;
    }

    private int Set => Math.Min(SetPanels, _panels);

    private int UsedBases => ((_tokens - 1) / 3) + 1;

    // Weights from memory are read in one pass over all panels, with the sums on the stack if there are not enough registers. Weights in
    // cache are read in as many passes as needed to keep the sums in registers.
    private bool Spilled => _ahead.Stream && !Fits(_panels);

    private int PassPanels => _ahead.Stream || Fits(_panels) ? _panels : Set;

    private int Passes => (_panels + PassPanels - 1) / PassPanels;

    private bool Fits(int panels) => (_tokens * panels) + (_tokens * Set) + (2 * Set) + 2 <= Registers;

    private int StackBytes => Spilled ? _tokens * _panels * 64 : 0;

    private int ScaleOffset => Int4GroupLayout.CodeBytes(_panels);

    private int GroupBytes => Int4GroupLayout.GroupBytes(_panels);

    /// <summary>Assembles the kernel.</summary>
    /// <param name="tokens">Tokens in the tile, 1 to <see cref="MaxTokens"/>.</param>
    /// <param name="panels">Panels of 16 rows in the tile: all panels of a block.</param>
    /// <param name="ahead">What the kernel reads ahead.</param>
    public static byte[] Assemble(int tokens, int panels, ReadAhead ahead) => new Int4PanelCodeGenerator(tokens, panels, ahead).Assemble();

    private byte[] Assemble()
    {
        Enter();
        for (int pass = 0; pass < Passes; pass++)
        {
            int panels = Math.Min(PassPanels, _panels - (pass * PassPanels));
            LoadArguments(pass);
            InitializeSums(panels);
            SetTokenBases();
            Label loop = _c.CreateLabel();
            _c.Label(ref loop);
            for (int first = 0; first < panels; first += Set)
            {
                MultiplyGroup(pass, first, Math.Min(Set, panels - first));
            }

            Advance(pass);
            _c.sub(rax, PanelKernels.StepUnit);
            _c.jg(loop);
            StoreSums(panels);
        }

        Exit();
        return _c.ToBytes();
    }

    private void Enter()
    {
        foreach (AssemblerRegister64 register in Saved)
        {
            _c.push(register);
        }

        _c.mov(rbp, rsp);
        if (Spilled)
        {
            _c.sub(rsp, StackBytes);
            _c.and(rsp, -64);
        }

        _c.mov(rbx, Argument(nameof(PanelArgs.Next)));
        _c.mov(eax, 0x0F0F0F0F);
        _c.vpbroadcastd(Mask, eax);
    }

    // Register use. rsi, r10: x; r8: stride of x; r11, r12: initial sums; r13: their stride; rdx: weights; rcx, r9: y and its stride;
    // rax: steps left; rbx: weights to read ahead; rbp: the stack pointer at entry.
    private void LoadArguments(int pass)
    {
        _c.mov(rsi, Argument(nameof(PanelArgs.X)));
        _c.mov(r8, Argument(nameof(PanelArgs.XStride)));
        _c.mov(r11, Argument(nameof(PanelArgs.InitialSums)));
        _c.mov(r13, Argument(nameof(PanelArgs.InitialSumStride)));
        _c.mov(rdx, Argument(nameof(PanelArgs.W)));
        _c.mov(rcx, Argument(nameof(PanelArgs.Y)));
        _c.mov(r9, Argument(nameof(PanelArgs.YStride)));
        _c.mov(rax, Argument(nameof(PanelArgs.Steps)));
        if (pass > 0)
        {
            _c.add(rcx, pass * PassPanels * 64);
        }
    }

    private void InitializeSums(int panels)
    {
        Label zero = _c.CreateLabel();
        Label start = _c.CreateLabel();
        _c.cmp(Argument(nameof(PanelArgs.Accumulate)), 0);
        _c.je(zero);
        _c.mov(r10, rcx);
        for (int t = 0; t < _tokens; t++)
        {
            for (int p = 0; p < panels; p++)
            {
                AssemblerRegisterZMM sum = Spilled ? X : Sum(t, p);
                _c.vmovups(sum, __zmmword_ptr[r10 + (p * 64)]);
                if (Spilled)
                {
                    _c.vmovaps(StackSlot(t, p), sum);
                }
            }

            _c.add(r10, r9);
        }

        _c.jmp(start);
        _c.Label(ref zero);
        _c.vpxord(X, X, X);
        for (int t = 0; t < _tokens; t++)
        {
            for (int p = 0; p < panels; p++)
            {
                if (Spilled)
                {
                    _c.vmovaps(StackSlot(t, p), X);
                }
                else
                {
                    _c.vmovaps(Sum(t, p), X);
                }
            }
        }

        // The assembler allows one label per instruction, and the next instruction may have the label of the loop.
        _c.Label(ref start);
        _c.nop();
    }

    // Token t is read at base[t / 3] + (t % 3) * stride, so two base registers serve six tokens.
    private void SetTokenBases()
    {
        for (int b = 1; b < UsedBases; b++)
        {
            _c.lea(_tokenBases[b], __[_tokenBases[b - 1] + (r8 * 2)]);
            _c.add(_tokenBases[b], r8);
            _c.lea(_initialSumBases[b], __[_initialSumBases[b - 1] + (r13 * 2)]);
            _c.add(_initialSumBases[b], r13);
        }
    }

    // Multiplies one group of columns for a set of panels.
    private void MultiplyGroup(int pass, int first, int count)
    {
        int panel = (pass * PassPanels) + first;
        for (int t = 0; t < _tokens; t++)
        {
            _c.vpbroadcastd(Integer(t, 0), Operand(_initialSumBases, r13, t, 0));
            for (int p = 1; p < count; p++)
            {
                _c.vmovdqa32(Integer(t, p), Integer(t, 0));
            }
        }

        for (int word = 0; word < PanelKernels.StepUnit; word++)
        {
            Prefetch(pass, first, word);
            for (int p = 0; p < count; p++)
            {
                _c.vmovdqu32(High(p), __zmmword_ptr[rdx + (((word * _panels) + panel + p) * 64)]);
                _c.vpandd(Low(p), High(p), Mask);
                _c.vpsrld(High(p), High(p), 4);
                _c.vpandd(High(p), High(p), Mask);
            }

            for (int half = 0; half < 2; half++)
            {
                for (int t = 0; t < _tokens; t++)
                {
                    _c.vpbroadcastd(X, Operand(_tokenBases, r8, t, (word * 8) + (half * 4)));
                    for (int p = 0; p < count; p++)
                    {
                        _c.vpdpbusd(Integer(t, p), half == 0 ? Low(p) : High(p), X);
                    }
                }
            }
        }

        for (int p = 0; p < count; p++)
        {
            _c.vcvtph2ps(Low(p), __ymmword_ptr[rdx + (ScaleOffset + ((panel + p) * 32))]);
        }

        for (int t = 0; t < _tokens; t++)
        {
            for (int p = 0; p < count; p++)
            {
                _c.vcvtdq2ps(Integer(t, p), Integer(t, p));
                if (Spilled)
                {
                    _c.vfmadd213ps(Integer(t, p), Low(p), StackSlot(t, first + p));
                    _c.vmovaps(StackSlot(t, first + p), Integer(t, p));
                }
                else
                {
                    _c.vfmadd231ps(Sum(t, first + p), Integer(t, p), Low(p));
                }
            }
        }
    }

    // Prefetches are spread over the words, so that they do not fill the load buffers.
    private void Prefetch(int pass, int first, int word)
    {
        int words = PanelKernels.StepUnit * ((PassPanels + Set - 1) / Set);
        int at = (first / Set * PanelKernels.StepUnit) + word;
        if (_ahead.Stream)
        {
            int lines = (GroupBytes + 63) / 64;
            for (int line = lines * at / words; line < lines * (at + 1) / words; line++)
            {
                _c.prefetcht0(__byte_ptr[rdx + (PrefetchDistance + (line * 64))]);
            }
        }

        int next = NextLines(pass);
        for (int line = next * at / words; line < next * (at + 1) / words; line++)
        {
            _c.prefetcht1(__byte_ptr[rbx + (line * 64)]);
        }
    }

    // Each pass prefetches its share of the lines.
    private int NextLines(int pass) => (_ahead.NextLines * (pass + 1) / Passes) - (_ahead.NextLines * pass / Passes);

    private void Advance(int pass)
    {
        _c.add(rdx, GroupBytes);
        if (NextLines(pass) > 0)
        {
            _c.add(rbx, NextLines(pass) * 64);
        }

        for (int b = 0; b < UsedBases; b++)
        {
            _c.add(_tokenBases[b], Int4GroupLayout.Columns);
            _c.add(_initialSumBases[b], sizeof(int));
        }
    }

    private void StoreSums(int panels)
    {
        for (int t = 0; t < _tokens; t++)
        {
            for (int p = 0; p < panels; p++)
            {
                AssemblerRegisterZMM sum = Spilled ? X : Sum(t, p);
                if (Spilled)
                {
                    _c.vmovaps(sum, StackSlot(t, p));
                }

                _c.vmovups(__zmmword_ptr[rcx + (p * 64)], sum);
            }

            _c.add(rcx, r9);
        }
    }

    private void Exit()
    {
        _c.vzeroupper();
        _c.mov(rsp, rbp);
        for (int i = Saved.Length - 1; i >= 0; i--)
        {
            _c.pop(Saved[i]);
        }

        _c.ret();
    }

    private static AssemblerMemoryOperand Operand(AssemblerRegister64[] bases, AssemblerRegister64 stride, int t, int offset) => (t % 3) switch
    {
        0 => __dword_ptr[bases[t / 3] + offset],
        1 => __dword_ptr[bases[t / 3] + (stride * 1) + offset],
        _ => __dword_ptr[bases[t / 3] + (stride * 2) + offset],
    };

    private AssemblerRegisterZMM Integer(int t, int p) => Zmm[(t * Set) + p];

    private AssemblerRegisterZMM Low(int p) => Zmm[(_tokens * Set) + p];

    private AssemblerRegisterZMM High(int p) => Zmm[(_tokens * Set) + Set + p];

    private AssemblerRegisterZMM Sum(int t, int p) => Zmm[(_tokens * Set) + (2 * Set) + (t * PassPanels) + p];

    private AssemblerMemoryOperand StackSlot(int t, int p) => __zmmword_ptr[rsp + (((t * _panels) + p) * 64)];

    private static AssemblerRegisterZMM Mask => zmm31;

    private static AssemblerRegisterZMM X => zmm30;

    private static readonly AssemblerRegister64[] Saved = [rbp, rbx, r12, r13];
}
