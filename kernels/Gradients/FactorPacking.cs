using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Gradients;

/// <summary>
/// Brings the factors of a weight gradient dyᵀ . x, which is summed over tokens, into the forms of the panel kernels: x becomes packed weights whose columns
/// are tokens, dy rows of tokens. A word of 4 bytes has one token in float32, or two in bfloat16. Tokens past the last one are zeros.
/// </summary>
internal static unsafe class FactorPacking
{
    /// <summary>The number of tokens is padded to a multiple of this number: 16 words of bfloat16.</summary>
    public const int TokenUnit = 2 * PanelKernels.PanelRows;

    /// <summary>Columns that one call of <see cref="Transpose"/> takes.</summary>
    public const int ColumnUnit = PanelKernels.BlockRows;

    private const int Lanes = PanelKernels.PanelRows;
    private const int Alignment = 64;

    /// <summary>Fills a block of packed weights [columns of x, tokens].</summary>
    /// <param name="x">float32 rows.</param>
    /// <param name="row">First row of x.</param>
    /// <param name="tokens">Number of rows.</param>
    /// <param name="target">The weights, F32 or BF16.</param>
    /// <param name="block">Index of the block.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(Activation x, int row, int tokens, PackedMatrix target, int block)
    {
        byte* source = x.Address(row) + (block * PanelKernels.BlockRows * sizeof(float));
        long stride = x.Stride;
        ElementType type = target.Type;
        int panels = target.PanelsIn(block);
        int perWord = sizeof(float) / type.Size();
        uint* words = (uint*)target.Block(block);
        for (int step = 0; step < target.Steps; step++)
        {
            for (int panel = 0; panel < panels; panel++, words += Lanes)
            {
                Words(source + (panel * Lanes * sizeof(float)), stride, step * perWord, tokens, type).Store(words);
            }
        }
    }

    /// <summary>Transposes up to <see cref="ColumnUnit"/> columns.</summary>
    /// <param name="y">float32 rows.</param>
    /// <param name="row">First row of y.</param>
    /// <param name="tokens">Number of rows.</param>
    /// <param name="target">[columns of y, tokens], F32 or BF16. Its columns are a multiple of <see cref="TokenUnit"/>.</param>
    /// <param name="column">First column, a multiple of <see cref="ColumnUnit"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transpose(Activation y, int row, int tokens, Activation target, int column)
    {
        int end = Math.Min(column + ColumnUnit, y.Columns);
        byte* source = y.Address(row);
        long stride = y.Stride;
        ElementType type = target.Type;
        int perWord = sizeof(float) / type.Size();
        uint* words = stackalloc uint[Lanes * Lanes];
        byte* edge = stackalloc byte[(Lanes * Lanes * sizeof(uint)) + Alignment];
        edge += Alignment - (long)((nuint)edge % Alignment);
        for (int token = 0; token < target.Columns; token += Lanes * perWord)
        {
            for (int at = column; at < end; at += Lanes)
            {
                for (int i = 0; i < Lanes; i++)
                {
                    Words(source + (at * sizeof(float)), stride, token + (i * perWord), tokens, type).Store(words + (i * Lanes));
                }

                long offset = (long)token * type.Size();
                if (at + Lanes <= end)
                {
                    PanelTranspose.Square(words, target.Address(at) + offset, target.Stride);
                    continue;
                }

                PanelTranspose.Square(words, edge, Alignment);
                for (int i = 0; at + i < end; i++)
                {
                    Vector512.Load(edge + (i * Alignment)).Store(target.Address(at + i) + offset);
                }
            }
        }

        long used = (long)target.Columns * type.Size();
        for (int at = column; at < end; at++)
        {
            new Span<byte>(target.Address(at) + used, (int)(target.Stride - used)).Clear();
        }
    }

    // 16 columns of one token, or of two tokens as pairs. Rows are padded with zeros to whole vectors.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Words(byte* rows, long stride, int token, int tokens, ElementType type)
    {
        if (token >= tokens)
        {
            return default;
        }

        Vector512<float> even = Vector512.Load((float*)(rows + (token * stride)));
        if (type == ElementType.F32)
        {
            return even.AsUInt32();
        }

        Vector512<float> odd = token + 1 < tokens ? Vector512.Load((float*)(rows + ((token + 1) * stride))) : default;
        return Vector512.ShiftRightLogical(Conversion.RoundToBf16(even).AsUInt32(), 16) | Conversion.RoundToBf16(odd).AsUInt32();
    }
}
