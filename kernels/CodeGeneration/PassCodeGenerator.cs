using HunyuanOrleans.Kernels.Panels;
using Iced.Intel;
using static HunyuanOrleans.Kernels.CodeGeneration.AssemblerExtensions;
using static Iced.Intel.AssemblerRegisters;

namespace HunyuanOrleans.Kernels.CodeGeneration;

/// <summary>
/// Generates panel kernels for processors with few vector registers. A kernel multiplies its panels in passes over the steps: each pass has as
/// many rows as its sums fit the registers. Different passes read different cache lines, except that two of half a panel share them. Kernels
/// follow the System V calling convention: the argument is a <see cref="PanelArgs"/>* in rdi.
/// </summary>
internal abstract class PassCodeGenerator
{
    /// <summary>Distance in bytes of the prefetch when a tile reads its weights once (decode).</summary>
    protected const int PrefetchDistance = 8192;

    private const int LineBytes = 64;
    private static readonly AssemblerRegister64[] Saved = [rbx, r12, r13, r14, r15];
    private readonly AssemblerRegister64[] _tokenBases = [rsi, r10, r11, r14];
    private readonly int _vectors;

    /// <summary>Creates the generator.</summary>
    /// <param name="wide">Whether vectors have 512 bits.</param>
    /// <param name="shape">What the kernel is made for.</param>
    /// <param name="xStepBytes">Bytes of x for each step.</param>
    protected PassCodeGenerator(bool wide, in PanelShape shape, int xStepBytes)
    {
        V = new VectorCode(wide);
        Shape = shape;
        XStepBytes = xStepBytes;
        _vectors = shape.Panels * LineBytes / V.Bytes;
    }

    /// <summary>The instructions.</summary>
    protected VectorCode V { get; }

    /// <summary>The assembler of <see cref="V"/>.</summary>
    protected Assembler C => V.C;

    /// <summary>What the kernel is made for.</summary>
    protected PanelShape Shape { get; }

    /// <summary>Bytes of x for each step.</summary>
    protected int XStepBytes { get; }

    /// <summary>Vectors of rows in a full pass.</summary>
    protected abstract int PassVectors { get; }

    /// <summary>Bytes of weights for each group of <see cref="PanelKernels.StepUnit"/> steps.</summary>
    protected virtual int GroupBytes => PanelKernels.StepUnit * Shape.Stride;

    /// <summary>Bytes from the codes of one step to those of the next.</summary>
    protected virtual int StepBytes => Shape.Stride;

    private AssemblerRegister64 NextWeights => Shape.Pieces ? r15 : rbx;

    private int Passes => (_vectors + PassVectors - 1) / PassVectors;

    private int UsedBases => ((Shape.Tokens - 1) / 3) + 1;

    /// <summary>Assembles the kernel. Call it once only.</summary>
    public byte[] Assemble()
    {
        foreach (AssemblerRegister64 register in Saved)
        {
            C.push(register);
        }

        WriteConstants();
        if (!Shape.Pieces)
        {
            C.mov(rbx, Argument(nameof(PanelArgs.Next)));
        }

        for (int pass = 0; pass < Passes; pass++)
        {
            WritePass(pass, Math.Min(PassVectors, _vectors - (pass * PassVectors)));
        }

        C.vzeroupper();
        for (int i = Saved.Length - 1; i >= 0; i--)
        {
            C.pop(Saved[i]);
        }

        C.ret();
        WriteData();
        return C.ToBytes();
    }

    /// <summary>Writes instructions that load constants to registers, once for all passes.</summary>
    protected abstract void WriteConstants();

    /// <summary>Writes data after the code.</summary>
    protected abstract void WriteData();

    /// <summary>Writes the multiplication of one group of steps. It calls <see cref="Prefetch"/> for each step.</summary>
    /// <param name="pass">Number of the pass.</param>
    /// <param name="vectors">Vectors of rows in the pass.</param>
    protected abstract void MultiplyGroup(int pass, int vectors);

    /// <summary>Writes instructions that load further arguments at the begin of a pass.</summary>
    protected virtual void LoadMoreArguments()
    {
    }

    /// <summary>Writes instructions that advance what <see cref="LoadMoreArguments"/> loaded by a group of steps.</summary>
    protected virtual void AdvanceMore()
    {
    }

    /// <summary>Number of the register with a sum.</summary>
    protected int Sum(int token, int vector, int vectors) => (token * vectors) + vector;

    /// <summary>Memory operand of a vector of weights, relative to the first of the pass.</summary>
    /// <param name="step">Step in the group.</param>
    /// <param name="vector">Vector in the pass.</param>
    protected AssemblerMemoryOperand Weights(int step, int vector) => __[rdx + ((step * StepBytes) + (vector * V.Bytes))];

    /// <summary>Memory operand of x of a token.</summary>
    /// <param name="token">The token.</param>
    /// <param name="offset">Offset from the group's first byte.</param>
    protected AssemblerMemoryOperand Token(int token, int offset) => At(_tokenBases, r8, token, offset);

    /// <summary>Memory operand of a token's data: token t is at base[t / 3] + (t % 3) * stride.</summary>
    protected static AssemblerMemoryOperand At(AssemblerRegister64[] bases, AssemblerRegister64 stride, int token, int offset) => (token % 3) switch
    {
        0 => __dword_ptr[bases[token / 3] + offset],
        1 => __dword_ptr[bases[token / 3] + (stride * 1) + offset],
        _ => __dword_ptr[bases[token / 3] + (stride * 2) + offset],
    };

    /// <summary>Writes instructions that set the further bases from the first.</summary>
    protected void SetBases(AssemblerRegister64[] bases, AssemblerRegister64 stride)
    {
        for (int b = 1; b < UsedBases; b++)
        {
            C.lea(bases[b], __[bases[b - 1] + (stride * 2)]);
            C.add(bases[b], stride);
        }
    }

    /// <summary>Writes instructions that advance the bases.</summary>
    protected void AdvanceBases(AssemblerRegister64[] bases, int bytes)
    {
        for (int b = 0; b < UsedBases; b++)
        {
            C.add(bases[b], bytes);
        }
    }

    /// <summary>Writes the prefetches of a step. They are spread over the steps, so that they do not fill the load buffers.</summary>
    protected void Prefetch(int pass, int vectors, int step)
    {
        int first = pass * PassVectors * V.Bytes;
        for (int at = first; Shape.Ahead.Stream && at < first + (vectors * V.Bytes); at += V.Bytes)
        {
            if (at % LineBytes == 0)
            {
                C.prefetcht0(__byte_ptr[rdx + ((step * StepBytes) + at - first + PrefetchDistance)]);
            }
        }

        int lines = NextLines(pass);
        for (int line = lines * step / PanelKernels.StepUnit; line < lines * (step + 1) / PanelKernels.StepUnit; line++)
        {
            C.prefetcht1(__byte_ptr[NextWeights + (line * LineBytes)]);
        }
    }

    // Each pass prefetches its share of the lines.
    private int NextLines(int pass) => (Shape.Ahead.NextLines * (pass + 1) / Passes) - (Shape.Ahead.NextLines * pass / Passes);

    // Register use. rsi, r10, r11, r14: x; r8: stride of x; rdx: weights; rcx, r9: y and its stride; rax: steps left; rbx: weights to read
    // ahead, or the list of pieces with r12 steps each, of which r13 are left, and r15 what to read ahead. Kernels with pieces have few tokens and
    // leave r14 free.
    private void WritePass(int pass, int vectors)
    {
        int offset = pass * PassVectors * V.Bytes;
        C.mov(rsi, Argument(nameof(PanelArgs.X)));
        C.mov(r8, Argument(nameof(PanelArgs.XStride)));
        C.mov(rdx, Argument(nameof(PanelArgs.W)));
        C.mov(rcx, Argument(nameof(PanelArgs.Y)));
        C.mov(r9, Argument(nameof(PanelArgs.YStride)));
        C.mov(rax, Argument(nameof(PanelArgs.Steps)));
        C.add(rdx, offset);
        C.add(rcx, offset);
        InitializeSums(vectors);
        LoadMoreArguments();
        SetBases(_tokenBases, r8);
        Label piece = C.CreateLabel();
        if (Shape.Pieces)
        {
            C.mov(rbx, Argument(nameof(PanelArgs.Pieces)));
            C.mov(r12, rax);
            C.mov(r13, Argument(nameof(PanelArgs.PieceCount)));
            C.Label(ref piece);
            C.mov(rdx, __[rbx]);
            C.add(rdx, offset);
            StartPiece(pass);
            C.mov(rax, r12);
        }

        Label loop = C.CreateLabel();
        C.Label(ref loop);
        MultiplyGroup(pass, vectors);
        C.add(rdx, GroupBytes);
        if (NextLines(pass) > 0)
        {
            C.add(NextWeights, NextLines(pass) * LineBytes);
        }

        AdvanceBases(_tokenBases, PanelKernels.StepUnit * XStepBytes);
        AdvanceMore();
        C.sub(rax, PanelKernels.StepUnit);
        C.jg(loop);
        if (Shape.Pieces)
        {
            C.add(rbx, 2 * sizeof(long));
            C.dec(r13);
            C.jg(piece);
        }

        StoreSums(vectors);
    }

    // Each pass reads ahead where the one before it ended.
    private void StartPiece(int pass)
    {
        if (Shape.Ahead.NextLines == 0)
        {
            return;
        }

        C.mov(r15, __[rbx + sizeof(long)]);
        int before = Shape.Ahead.NextLines * pass / Passes;
        if (before > 0)
        {
            C.imul(r14, r12, before * LineBytes / PanelKernels.StepUnit);
            C.add(r15, r14);
        }
    }

    private void InitializeSums(int vectors)
    {
        Label zero = C.CreateLabel();
        Label start = C.CreateLabel();
        C.cmp(Argument(nameof(PanelArgs.Accumulate)), 0);
        C.je(zero);
        C.mov(r10, rcx);
        for (int t = 0; t < Shape.Tokens; t++)
        {
            for (int v = 0; v < vectors; v++)
            {
                V.Load(Sum(t, v, vectors), __[r10 + (v * V.Bytes)]);
            }

            C.add(r10, r9);
        }

        C.jmp(start);
        C.Label(ref zero);
        for (int i = 0; i < Shape.Tokens * vectors; i++)
        {
            V.Zero(i);
        }

        // The assembler allows one label per instruction, and the next instruction may have the label of the loop.
        C.Label(ref start);
        C.nop();
    }

    private void StoreSums(int vectors)
    {
        for (int t = 0; t < Shape.Tokens; t++)
        {
            for (int v = 0; v < vectors; v++)
            {
                V.Store(__[rcx + (v * V.Bytes)], Sum(t, v, vectors));
            }

            C.add(rcx, r9);
        }
    }
}
