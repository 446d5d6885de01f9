using System.Runtime.CompilerServices;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// Fills blocks of 4-bit matrices in the layout of <see cref="Int4GroupLayout"/>. Codes and scales of I4 rows are copied; other rows are
/// quantised by the <see cref="Int4GroupQuantizer"/>. Every instruction set gives the same bytes.
/// </summary>
internal static unsafe class Int4Packer
{
    /// <summary>Scratch memory of <see cref="PackGroup"/>.</summary>
    public const int ScratchFloats = 2 * Int4GroupLayout.Columns * PanelKernels.PanelRows;

    private const uint ZeroCodes = 0x88888888;
    private const float LargestFloat16 = 65504f;

    private static readonly InstructionSet InCache = InstructionSets.Best >= InstructionSet.Avx2 ? InstructionSet.Avx2 : InstructionSet.Portable;

    /// <summary>Fills a block.</summary>
    /// <param name="target">The I4 matrix.</param>
    /// <param name="block">Index of the block.</param>
    /// <param name="rows">The source rows of the block.</param>
    /// <exception cref="InvalidDataException">A stored scale is too large for float16.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(PackedMatrix target, int block, BlockRowReader rows)
    {
        int panels = target.PanelsIn(block);
        int lanes = panels * PanelKernels.PanelRows;
        int groups = Int4GroupLayout.Count(target.Columns);
        byte* output = target.Block(block);
        float* scratch = stackalloc float[ScratchFloats];
        for (int group = 0; group < groups; group++, output += Int4GroupLayout.GroupBytes(panels))
        {
            int columns = Math.Min(Int4GroupLayout.Columns, target.Columns - (group * Int4GroupLayout.Columns));
            for (int lane = 0; lane < lanes; lane += PanelKernels.PanelRows)
            {
                uint* words = (uint*)output + lane;
                Half* scales = (Half*)(output + Int4GroupLayout.CodeBytes(panels)) + lane;
                PackGroup(rows.Lanes.AsSpan(lane, PanelKernels.PanelRows), group, columns, words, lanes, scales, scratch);
            }
        }
    }

    /// <summary>Fills the codes and scales of 16 rows and one group of columns.</summary>
    /// <param name="panel">The 16 source rows.</param>
    /// <param name="group">Index of the group.</param>
    /// <param name="columns">Columns of the group, 1 to 32.</param>
    /// <param name="words">Receives 4 words of 16 rows, as <see cref="Int4GroupLayout"/> defines them.</param>
    /// <param name="wordStride">Elements from the rows of one word to those of the next.</param>
    /// <param name="scales">Receives 16 scales.</param>
    /// <param name="scratch">Memory for <see cref="ScratchFloats"/>.</param>
    /// <exception cref="InvalidDataException">A stored scale is too large for float16.</exception>
    public static void PackGroup(ReadOnlySpan<SourceRow> panel, int group, int columns, uint* words, int wordStride, Half* scales, float* scratch)
    {
        Quantize(panel, group * Int4GroupLayout.Columns, columns, words, wordStride, scales, scratch);
        Copy(panel, group, columns, words, wordStride, scales);
    }

    // Rows that already have codes are zeros here; Copy overwrites them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Quantize(ReadOnlySpan<SourceRow> panel, int first, int columns, uint* words, int wordStride, Half* scales, float* scratch)
    {
        float* values = scratch + (Int4GroupLayout.Columns * PanelKernels.PanelRows);
        uint** lanes = stackalloc uint*[PanelKernels.PanelRows];
        bool anyUnquantized = false;
        for (int r = 0; r < PanelKernels.PanelRows; r++)
        {
            float* row = scratch + (r * Int4GroupLayout.Columns);
            lanes[r] = (uint*)row;
            bool isUnquantized = panel[r].Address != 0 && panel[r].Type != ElementType.I4;
            int read = isUnquantized ? columns : 0;
            if (isUnquantized)
            {
                RowDecoder.Read(panel[r], first, columns, row);
                anyUnquantized = true;
            }

            new Span<float>(row + read, Int4GroupLayout.Columns - read).Clear();
        }

        if (!anyUnquantized)
        {
            new Span<Half>(scales, PanelKernels.PanelRows).Clear();
            for (int word = 0; word < Int4GroupLayout.WordsPerRow; word++)
            {
                new Span<uint>(words + (word * wordStride), PanelKernels.PanelRows).Fill(ZeroCodes);
            }

            return;
        }

        // Up to AVX2, the stores of the transpose stay in cache.
        PanelTranspose.Transpose(InCache, lanes, 0, Int4GroupLayout.Columns, 1, (byte*)values);
        Int4GroupQuantizer.Quantize(values, words, wordStride, scales);
    }

    private static void Copy(ReadOnlySpan<SourceRow> panel, int group, int columns, uint* words, int wordStride, Half* scales)
    {
        Span<byte> codes = stackalloc byte[Int4GroupLayout.Columns / 2];
        for (int r = 0; r < PanelKernels.PanelRows; r++)
        {
            SourceRow row = panel[r];
            if (row.Address == 0 || row.Type != ElementType.I4)
            {
                continue;
            }

            codes.Fill(unchecked((byte)ZeroCodes));
            new ReadOnlySpan<byte>((byte*)row.Address + (group * codes.Length), (columns + 1) / 2).CopyTo(codes);
            if (columns % 2 != 0)
            {
                codes[columns / 2] = (byte)((codes[columns / 2] & 0x0F) | (Int4GroupLayout.Zero << 4));
            }

            for (int word = 0; word < Int4GroupLayout.WordsPerRow; word++)
            {
                words[(word * wordStride) + r] = ToWord(codes.Slice(word * 4, 4));
            }

            scales[r] = ToFloat16(RowDecoder.Scale(row, group));
        }
    }

    /// <summary>A scale as it is packed.</summary>
    /// <exception cref="InvalidDataException">The scale is too large for float16.</exception>
    public static Half ToFloat16(float scale) => float.Abs(scale) > LargestFloat16
        ? throw new InvalidDataException($"A scale of 4-bit weights is {scale}; the largest allowed is {LargestFloat16}.")
        : (Half)scale;

    /// <summary>A word of 8 columns. A byte of the source holds two neighbouring columns; a byte of the layout holds columns k and k + 4.</summary>
    public static uint ToWord(ReadOnlySpan<byte> codes) =>
        SpreadNibbles((uint)(codes[0] | (codes[1] << 8))) | (SpreadNibbles((uint)(codes[2] | (codes[3] << 8))) << 4);

    private static uint SpreadNibbles(uint codes)
    {
        codes = (codes | (codes << 8)) & 0x00FF00FF;
        return (codes | (codes << 4)) & 0x0F0F0F0F;
    }
}
