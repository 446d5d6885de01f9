using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// Widens columns of one block of a packed quantised matrix: each column becomes a row of up to 64 values, code times scale, in float32 or bfloat16. So many
/// columns are the transposed block. Values are those that the kernels multiply by. Every instruction set gives the same bits.
/// </summary>
internal readonly unsafe ref struct PanelWidening
{
    /// <summary>Columns are widened from a multiple of this number on.</summary>
    public const int ColumnUnit = PackedLayout.BlockColumns;

    private const float HighestBitOffset = 128;

    /// <summary>The quantised matrix.</summary>
    public required PackedMatrix Weights { get; init; }

    /// <summary>Index of the block.</summary>
    public required int Block { get; init; }

    /// <summary>Address of the first value of the row that receives column 0.</summary>
    public required byte* Target { get; init; }

    /// <summary>Bytes from one row of the target to the next.</summary>
    public required long Stride { get; init; }

    /// <summary>Type of the target, F32 or BF16.</summary>
    public required ElementType Type { get; init; }

    private int Panels => Weights.PanelsIn(Block);

    private int Lanes => Panels * PanelKernels.PanelRows;

    /// <summary>Widens columns [first, first + count). Padding rows of the last panel become zeros.</summary>
    /// <param name="first">A multiple of <see cref="ColumnUnit"/>.</param>
    /// <param name="count">Number of columns.</param>
    public void Run(int first, int count)
    {
        switch (Weights.Type)
        {
            case ElementType.I8 or ElementType.F8E4M3 or ElementType.F8E4M3Block:
                Bytes(first, count);
                break;
            case ElementType.I4 or ElementType.U4:
                Halves(first, count);
                break;
            case ElementType.U8:
                TwoPlanes(first, count);
                break;
            default:
                throw new ArgumentException($"{Weights.Type} weights are not quantised.", nameof(first));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Bytes(int first, int count)
    {
        const int PerWord = 4;
        bool integers = Weights.Type == ElementType.I8;
        byte* words = Weights.Block(Block) + ((long)first / PerWord * Lanes * sizeof(uint));
        for (int column = first; column < first + count; column += PerWord, words += Lanes * sizeof(uint))
        {
            float* scales = (float*)Weights.Scales(Block);
            scales += Weights.Type == ElementType.F8E4M3Block ? column / PackedLayout.BlockColumns * Lanes : 0;
            int wanted = Math.Min(PerWord, first + count - column);
            for (int lane = 0; lane < Lanes; lane += PanelKernels.PanelRows)
            {
                Vector512<uint> word = Vector512.Load((uint*)words + lane);
                Vector512<float> scale = Vector512.Load(scales + lane);
                for (int i = 0; i < wanted; i++)
                {
                    // 8-bit floats have the two middle columns exchanged.
                    int shift = 8 * (integers ? i : ((i & 1) << 1) | (i >> 1));
                    Vector512<uint> code = Vector512.ShiftRightLogical(word, shift) & Vector512.Create(0xFFu);
                    Vector512<float> value = integers ? Vector512.ConvertToSingle(code.AsInt32()) - Vector512.Create(HighestBitOffset) : E4M3.Decode16(code);
                    Store(value * scale, column + i, lane);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Halves(int first, int count)
    {
        float* scales = stackalloc float[PanelKernels.BlockRows];
        float* zeros = stackalloc float[PanelKernels.BlockRows];
        for (int column = first; column < first + count; column += Int4GroupLayout.Columns)
        {
            int group = column / Int4GroupLayout.Columns;
            byte* codes = Weights.Block(Block) + ((long)group * Int4GroupLayout.GroupBytes(Panels));
            ReadScales(codes, group, scales, zeros);
            int wanted = Math.Min(Int4GroupLayout.Columns, first + count - column);
            for (int i = 0; i < wanted; i++)
            {
                for (int lane = 0; lane < Lanes; lane += PanelKernels.PanelRows)
                {
                    Store((Code(codes, i, lane) - Vector512.Load(zeros + lane)) * Vector512.Load(scales + lane), column + i, lane);
                }
            }
        }
    }

    // Each half of a code has a scale of its own. That of the upper one is 16 times the other, but both are rounded to float16, so the kernels multiply each by its own.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TwoPlanes(int first, int count)
    {
        const float HalfZero = Int4GroupLayout.Zero, WholeZero = (16 * HalfZero) + HalfZero;
        float* upperScales = stackalloc float[PanelKernels.BlockRows];
        float* scales = stackalloc float[PanelKernels.BlockRows];
        float* zeros = stackalloc float[PanelKernels.BlockRows];
        for (int column = first; column < first + count; column += Int4GroupLayout.Columns)
        {
            int group = column / Int4GroupLayout.Columns;
            byte* upper = Weights.Block(Block) + ((long)group * Int4GroupLayout.GroupBytes(Panels));
            byte* lower = Weights.LowerPlane(Block) + ((long)group * Int4GroupLayout.GroupBytes(Panels));
            ReadScales(upper, group, upperScales, zeros);
            ReadScales(lower, group, scales, zeros);
            int wanted = Math.Min(Int4GroupLayout.Columns, first + count - column);
            for (int i = 0; i < wanted; i++)
            {
                for (int lane = 0; lane < Lanes; lane += PanelKernels.PanelRows)
                {
                    Vector512<float> scale = Vector512.Load(scales + lane);
                    Vector512<float> high = (Code(upper, i, lane) - Vector512.Create(HalfZero)) * Vector512.Load(upperScales + lane);
                    Vector512<float> low = (Code(lower, i, lane) - Vector512.Create(HalfZero)) * scale;
                    Store(high + low + ((Vector512.Create(WholeZero) - Vector512.Load(zeros + lane)) * scale), column + i, lane);
                }
            }
        }
    }

    private void ReadScales(byte* codes, int group, float* scales, float* zeros)
    {
        Conversion.Convert(codes + Int4GroupLayout.CodeBytes(Panels), ElementType.F16, (byte*)scales, ElementType.F32, Lanes);
        byte* stored = Weights.Type.HasZeroPoints() ? Weights.Scales(Block) + ((long)group * Lanes) : null;
        for (int lane = 0; lane < Lanes; lane++)
        {
            zeros[lane] = stored is null ? Int4GroupLayout.Zero : stored[lane];
        }
    }

    // The 16 codes of a column of a group. A byte of a word has columns k and k + 4.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector512<float> Code(byte* codes, int column, int lane)
    {
        Vector512<uint> word = Vector512.Load((uint*)codes + ((column >> 3) * Lanes) + lane);
        int shift = ((column & 3) * 8) + (column & 4);
        return Vector512.ConvertToSingle((Vector512.ShiftRightLogical(word, shift) & Vector512.Create(0xFu)).AsInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Store(Vector512<float> values, int column, int lane)
    {
        byte* row = Target + (column * Stride);
        if (Type == ElementType.F32)
        {
            values.Store((float*)row + lane);
        }
        else
        {
            Conversion.StoreBf16(values, (ushort*)row + lane);
        }
    }
}
