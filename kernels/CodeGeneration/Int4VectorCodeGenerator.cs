using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;
using Iced.Intel;
using static HunyuanOrleans.Kernels.CodeGeneration.AssemblerExtensions;
using static Iced.Intel.AssemblerRegisters;

namespace HunyuanOrleans.Kernels.CodeGeneration;

/// <summary>
/// Generates panel kernels for 4-bit weights with 256-bit vectors. The products of a group of 32 columns are added exactly: by vpdpbusd, or by
/// vpmaddubsw in 16 bits, which eight products of at most 2 * 15 * 127 fit. Each output is a chain of float32 multiply-adds over the groups, as
/// in the other kernels for these weights.
/// </summary>
internal sealed class Int4VectorCodeGenerator : PassCodeGenerator
{
    /// <summary>Most tokens in a tile.</summary>
    public const int MaxTokens = 6;

    /// <summary>Bytes of x for each step.</summary>
    public const int XBytes = Int4GroupLayout.Columns / PanelKernels.StepUnit;

    private const int Mask = 15, X = 14, High = 13, Low = 12;
    private readonly AssemblerRegister64[] _initialSums = [r12, r15];
    private readonly bool _vnni;
    private readonly int _passVectors;
    private Label _mask;
    private Label _ones;

    /// <summary>Creates the generator.</summary>
    /// <param name="vnni">Whether the processor has vpdpbusd.</param>
    /// <param name="shape">What the kernel is made for: 1 to <see cref="MaxTokens"/> tokens, no pieces.</param>
    public Int4VectorCodeGenerator(bool vnni, in PanelShape shape)
        : base(wide: false, in shape, XBytes)
    {
        _vnni = vnni;
        int vectors = shape.Tokens switch
        {
            1 => 8,
            2 => 4,
            3 or 4 => 2,
            _ => 1,
        };
        _passVectors = Math.Min(vectors, shape.Panels * 2);
        _mask = C.CreateLabel();
        _ones = C.CreateLabel();
    }

    /// <inheritdoc/>
    protected override int PassVectors => _passVectors;

    /// <inheritdoc/>
    protected override int GroupBytes => Int4GroupLayout.GroupBytes(Shape.Panels);

    /// <inheritdoc/>
    protected override int StepBytes => Shape.Panels * PanelKernels.PanelRows * 4;

    /// <inheritdoc/>
    protected override void WriteConstants() => V.Load(Mask, __[_mask]);

    /// <inheritdoc/>
    protected override void WriteData()
    {
        C.Label(ref _mask);
        V.Data(0x0F0F0F0F);
        C.Label(ref _ones);
        V.Data(0x00010001);
    }

    /// <inheritdoc/>
    protected override void LoadMoreArguments()
    {
        C.mov(_initialSums[0], Argument(nameof(PanelArgs.InitialSums)));
        C.mov(r13, Argument(nameof(PanelArgs.InitialSumStride)));
        SetBases(_initialSums, r13);
    }

    /// <inheritdoc/>
    protected override void AdvanceMore() => AdvanceBases(_initialSums, sizeof(int));

    /// <inheritdoc/>
    protected override void MultiplyGroup(int pass, int vectors)
    {
        for (int v = 0; v < vectors; v++)
        {
            // The prefetches of the four words are spread over the vectors.
            for (int word = 0; word < PanelKernels.StepUnit; word++)
            {
                if (word * vectors / PanelKernels.StepUnit == v)
                {
                    Prefetch(pass, vectors, word);
                }
            }

            if (Shape.Ahead.Stream && v % 4 == 0)
            {
                C.prefetcht0(__byte_ptr[rdx + (ScaleOffset(pass, v) + PrefetchDistance)]);
            }

            MultiplyVector(pass, v, vectors);
        }
    }

    // Of the float16 scales of a vector's rows, relative to the codes of the pass.
    private int ScaleOffset(int pass, int v)
    {
        int first = pass * PassVectors;
        return Int4GroupLayout.CodeBytes(Shape.Panels) - (first * V.Bytes) + ((first + v) * V.Bytes / 2);
    }

    private void MultiplyVector(int pass, int v, int vectors)
    {
        int integers = Shape.Tokens * vectors;
        for (int t = 0; _vnni && t < Shape.Tokens; t++)
        {
            V.Broadcast(integers + t, At(_initialSums, r13, t, 0));
        }

        for (int word = 0; word < Int4GroupLayout.WordsPerRow; word++)
        {
            V.Load(High, Weights(word, v));
            V.And(Low, High, Mask);
            C.vpsrld(Ymm[High], Ymm[High], 4);
            V.And(High, High, Mask);
            for (int t = 0; t < Shape.Tokens; t++)
            {
                AddProducts(integers + t, Low, t, word * 2);
                AddProducts(integers + t, High, t, (word * 2) + 1);
            }
        }

        C.vcvtph2ps(Ymm[Low], __xmmword_ptr[rdx + ScaleOffset(pass, v)]);
        for (int t = 0; t < Shape.Tokens; t++)
        {
            AssemblerRegisterYMM sum = Ymm[integers + t];
            if (!_vnni)
            {
                V.Broadcast(X, At(_initialSums, r13, t, 0));
                C.vpmaddwd(sum, sum, __[_ones]);
                C.vpaddd(sum, sum, Ymm[X]);
            }

            C.vcvtdq2ps(sum, sum);
            V.MultiplyAdd(Sum(t, v, vectors), integers + t, Low);
        }
    }

    // Part is one of the eight parts of four columns of a group.
    private void AddProducts(int sum, int codes, int t, int part)
    {
        V.Broadcast(X, Token(t, part * 4));
        if (_vnni)
        {
            V.AddByteProducts(sum, codes, X);
        }
        else if (part == 0)
        {
            C.vpmaddubsw(Ymm[sum], Ymm[codes], Ymm[X]);
        }
        else
        {
            C.vpmaddubsw(Ymm[X], Ymm[codes], Ymm[X]);
            C.vpaddw(Ymm[sum], Ymm[sum], Ymm[X]);
        }
    }
}
