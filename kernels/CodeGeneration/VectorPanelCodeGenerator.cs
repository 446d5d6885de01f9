using HunyuanOrleans.Kernels.Panels;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace HunyuanOrleans.Kernels.CodeGeneration;

/// <summary>
/// Generates panel kernels with float32 multiply-adds for F32, BF16 and F8E4M3 weights, and with vpdpbusd for I8, of 256 or 512 bits. x of the
/// first three is float32. Each output is a chain over the columns in order, as in the portable kernels, so the bits are the same.
/// </summary>
internal sealed class VectorPanelCodeGenerator : PassCodeGenerator
{
    /// <summary>Most tokens in a tile: 12 sums of a panel and what they are made of fill 16 registers.</summary>
    public const int MaxTokens = 6;

    // The byte of a lane in which the code of each column lies.
    private static readonly int[] CodeBytes = [0, 2, 1, 3];

    private readonly int _passVectors;
    private readonly bool _holdsX;
    private readonly bool _holdsMask;
    private Label _mask;

    /// <summary>Creates the generator.</summary>
    /// <param name="wide">Whether vectors have 512 bits.</param>
    /// <param name="shape">What the kernel is made for: 1 to <see cref="MaxTokens"/> tokens.</param>
    public VectorPanelCodeGenerator(bool wide, in PanelShape shape)
        : base(wide, in shape, XBytes(shape.Type))
    {
        int tokens = shape.Tokens, all = shape.Panels * 64 / V.Bytes;
        int most = all;
        while (RegistersFor(tokens, most) > V.Registers)
        {
            most--;
        }

        // Passes of nearly equal size: one with few sums would wait for the latency of each.
        int passes = (all + most - 1) / most;
        _passVectors = (all + passes - 1) / passes;
        _holdsX = tokens <= _passVectors;
        _holdsMask = RegistersFor(tokens, _passVectors) < V.Registers;
        _mask = C.CreateLabel();
    }

    /// <inheritdoc/>
    protected override int PassVectors => _passVectors;

    private int Columns => Shape.Type switch
    {
        ElementType.BF16 => 2,
        ElementType.F8E4M3 => 4,
        _ => 1,
    };

    private int Mask => V.Registers - 1;

    /// <summary>Bytes of x for each step of weights of a type.</summary>
    public static int XBytes(ElementType type) => type switch
    {
        ElementType.BF16 => 8,
        ElementType.F8E4M3 => 16,
        _ => 4,
    };

    /// <inheritdoc/>
    protected override void WriteConstants()
    {
        if (_holdsMask && Columns > 1)
        {
            V.Load(Mask, __[_mask]);
        }
    }

    /// <inheritdoc/>
    protected override void WriteData()
    {
        C.Label(ref _mask);
        V.Data(Shape.Type == ElementType.F8E4M3 ? E4M3Expansion.FloatMask : 0xFFFF0000u);
    }

    /// <inheritdoc/>
    protected override void MultiplyGroup(int pass, int vectors)
    {
        for (int step = 0; step < PanelKernels.StepUnit; step++)
        {
            Prefetch(pass, vectors, step);
            for (int column = 0; column < Columns; column++)
            {
                MultiplyColumn(step, column, vectors);
            }
        }
    }

    // Either x of all tokens is held and each vector of weights is used at once, or the other way round, whichever needs fewer registers.
    private void MultiplyColumn(int step, int column, int vectors)
    {
        int sums = Shape.Tokens * vectors, x = (step * XStepBytes) + (column * sizeof(float));
        int held = sums + 1;
        if (_holdsX)
        {
            for (int t = 0; t < Shape.Tokens; t++)
            {
                V.Broadcast(held + t, Token(t, x));
            }

            for (int v = 0; v < vectors; v++)
            {
                LoadWeight(sums, step, v, column);
                for (int t = 0; t < Shape.Tokens; t++)
                {
                    Multiply(Sum(t, v, vectors), sums, held + t);
                }
            }

            return;
        }

        for (int v = 0; v < vectors; v++)
        {
            LoadWeight(held + v, step, v, column);
        }

        for (int t = 0; t < Shape.Tokens; t++)
        {
            V.Broadcast(sums, Token(t, x));
            for (int v = 0; v < vectors; v++)
            {
                Multiply(Sum(t, v, vectors), held + v, sums);
            }
        }
    }

    private void Multiply(int sum, int w, int x)
    {
        if (Shape.Type == ElementType.I8)
        {
            V.AddByteProducts(sum, w, x);
        }
        else
        {
            V.MultiplyAdd(sum, w, x);
        }
    }

    // BF16: a lane has two columns, the upper half of a float32 each. F8E4M3: see E4M3Expansion.FloatMask.
    private void LoadWeight(int target, int step, int v, int column)
    {
        switch (Shape.Type)
        {
            case ElementType.BF16 when column == 0:
                V.Load(target, Weights(step, v));
                V.ShiftLeft(target, 16);
                break;
            case ElementType.BF16 when _holdsMask:
                V.And(target, Mask, Weights(step, v));
                break;
            case ElementType.BF16:
                V.Load(target, Weights(step, v));
                AndMask(target);
                break;
            case ElementType.F8E4M3:
                V.Load(target, Weights(step, v));
                if (CodeBytes[column] < 3)
                {
                    V.ShiftLeft(target, (byte)(24 - (8 * CodeBytes[column])));
                }

                V.ShiftRightSigned(target, 4);
                AndMask(target);
                break;
            default:
                V.Load(target, Weights(step, v));
                break;
        }
    }

    private void AndMask(int target)
    {
        if (_holdsMask)
        {
            V.And(target, target, Mask);
        }
        else
        {
            V.And(target, target, __[_mask]);
        }
    }

    // The sums, what is held, and one register for the operand that changes.
    private static int RegistersFor(int tokens, int vectors) => (tokens * vectors) + Math.Min(tokens, vectors) + 1;
}
