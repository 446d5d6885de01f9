using HunyuanOrleans.Kernels.Panels;
using Iced.Intel;
using static HunyuanOrleans.Kernels.CodeGeneration.AssemblerExtensions;
using static Iced.Intel.AssemblerRegisters;

namespace HunyuanOrleans.Kernels.CodeGeneration;

/// <summary>
/// Generates panel kernels for I8 weights with AVX2. vpmaddubsw multiplies unsigned with signed bytes and adds pairs of products to 16 bits, which
/// would overflow with weights up to 255. Weights are stored as q + 128, so q is found again, and |q| is multiplied with x times the sign of q. Pairs of
/// these products are at most 2 * 128 * 127, which fits. The sums are those of q.
/// </summary>
internal sealed class BytePanelCodeGenerator : PassCodeGenerator
{
    /// <summary>Most tokens in a tile.</summary>
    public const int MaxTokens = 11;

    /// <summary>Bytes of x for each step.</summary>
    public const int XBytes = 4;

    private const int Signs = 15, Ones = 14;
    private readonly int _passVectors;
    private readonly bool _holdsX;
    private Label _constants;

    /// <summary>Creates the generator.</summary>
    /// <param name="shape">What the kernel is made for: 1 to <see cref="MaxTokens"/> tokens.</param>
    public BytePanelCodeGenerator(in PanelShape shape)
        : base(wide: false, in shape, XBytes)
    {
        int vectors = shape.Tokens switch
        {
            1 => 8,
            2 => 4,
            3 => 2,
            _ => 1,
        };
        _passVectors = Math.Min(vectors, shape.Panels * 2);
        _holdsX = _passVectors > 1;
        _constants = C.CreateLabel();
    }

    /// <inheritdoc/>
    protected override int PassVectors => _passVectors;

    /// <inheritdoc/>
    protected override void WriteConstants()
    {
        C.lea(rax, __[_constants]);
        V.Load(Signs, __[rax]);
        V.Load(Ones, __[rax + 32]);
    }

    /// <inheritdoc/>
    protected override void WriteData()
    {
        C.Label(ref _constants);
        V.Data(0x80808080);
        V.Data(0x00010001);
    }

    /// <inheritdoc/>
    protected override void MultiplyGroup(int pass, int vectors)
    {
        int sums = Shape.Tokens * vectors;
        AssemblerRegisterYMM signed = Ymm[sums], magnitude = Ymm[sums + 1], products = Ymm[sums + 2];
        for (int step = 0; step < PanelKernels.StepUnit; step++)
        {
            Prefetch(pass, vectors, step);
            for (int t = 0; _holdsX && t < Shape.Tokens; t++)
            {
                V.Broadcast(sums + 3 + t, Token(t, step * XStepBytes));
            }

            for (int v = 0; v < vectors; v++)
            {
                C.vpxor(signed, Ymm[Signs], Weights(step, v));
                C.vpabsb(magnitude, signed);
                for (int t = 0; t < Shape.Tokens; t++)
                {
                    if (!_holdsX)
                    {
                        V.Broadcast(sums + 2, Token(t, step * XStepBytes));
                    }

                    C.vpsignb(products, _holdsX ? Ymm[sums + 3 + t] : products, signed);
                    C.vpmaddubsw(products, magnitude, products);
                    C.vpmaddwd(products, products, Ymm[Ones]);
                    C.vpaddd(Ymm[Sum(t, v, vectors)], Ymm[Sum(t, v, vectors)], products);
                }
            }
        }
    }
}
