using System.Runtime.CompilerServices;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// Fills blocks of 4-bit matrices, as <see cref="FourBitGroups"/> defines them: rows of I4 code by code with their scales, others by the
/// <see cref="GroupQuantizer"/>. The same bytes on every instruction set.
/// </summary>
internal static unsafe class GroupPacking
{
    private const uint ZeroCodes = 0x88888888;
    private const float LargestHalf = 65504f;

    /// <summary>Fills a block.</summary>
    /// <param name="target">The matrix, of I4.</param>
    /// <param name="block">Which block of it.</param>
    /// <param name="rows">Its rows.</param>
    /// <exception cref="InvalidDataException">A stored scale is too large for float16.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(PackedMatrix target, int block, BlockRows rows)
    {
        int panels = target.PanelsOf(block);
        int lanes = panels * PanelKernels.PanelRows;
        int groups = FourBitGroups.Count(target.Columns);
        byte* output = target.Block(block);
        float* scratch = stackalloc float[2 * FourBitGroups.Columns * PanelKernels.PanelRows];
        for (int group = 0; group < groups; group++, output += FourBitGroups.GroupBytes(panels))
        {
            int first = group * FourBitGroups.Columns;
            int columns = Math.Min(FourBitGroups.Columns, target.Columns - first);
            for (int lane = 0; lane < lanes; lane += PanelKernels.PanelRows)
            {
                uint* words = (uint*)output + lane;
                Half* scales = (Half*)(output + FourBitGroups.CodeBytes(panels)) + lane;
                ReadOnlySpan<LaneRow> panel = rows.Lanes.AsSpan(lane, PanelKernels.PanelRows);
                Quantize(panel, first, columns, words, lanes, scales, scratch);
                Copy(panel, group, columns, words, lanes, scales);
            }
        }
    }

    // Rows that have codes already count as zeros here.
    private static void Quantize(ReadOnlySpan<LaneRow> panel, int first, int columns, uint* words, int wordStride, Half* scales, float* scratch)
    {
        float* values = scratch + (FourBitGroups.Columns * PanelKernels.PanelRows);
        uint** lanes = stackalloc uint*[PanelKernels.PanelRows];
        new Span<float>(scratch, FourBitGroups.Columns * PanelKernels.PanelRows).Clear();
        bool any = false;
        for (int r = 0; r < PanelKernels.PanelRows; r++)
        {
            float* row = scratch + (r * FourBitGroups.Columns);
            lanes[r] = (uint*)row;
            if (panel[r].Address != 0 && panel[r].Type != ElementType.I4)
            {
                RowValues.Read(panel[r], first, columns, row);
                any = true;
            }
        }

        if (!any)
        {
            new Span<Half>(scales, PanelKernels.PanelRows).Clear();
            for (int word = 0; word < FourBitGroups.WordsPerRow; word++)
            {
                new Span<uint>(words + (word * wordStride), PanelKernels.PanelRows).Fill(ZeroCodes);
            }

            return;
        }

        // Of its ways, the one whose stores stay in cache.
        PanelTranspose.Run(InstructionSet.Portable, lanes, 0, FourBitGroups.Columns, 1, (byte*)values);
        GroupQuantizer.Quantize(values, words, wordStride, scales);
    }

    private static void Copy(ReadOnlySpan<LaneRow> panel, int group, int columns, uint* words, int wordStride, Half* scales)
    {
        Span<byte> codes = stackalloc byte[FourBitGroups.Columns / 2];
        for (int r = 0; r < PanelKernels.PanelRows; r++)
        {
            LaneRow row = panel[r];
            if (row.Address == 0 || row.Type != ElementType.I4)
            {
                continue;
            }

            codes.Fill(unchecked((byte)ZeroCodes));
            new ReadOnlySpan<byte>((byte*)row.Address + (group * codes.Length), (columns + 1) / 2).CopyTo(codes);
            if (columns % 2 != 0)
            {
                codes[columns / 2] = (byte)((codes[columns / 2] & 0x0F) | (FourBitGroups.Zero << 4));
            }

            for (int word = 0; word < FourBitGroups.WordsPerRow; word++)
            {
                words[(word * wordStride) + r] = Spread(codes.Slice(word * 4, 4));
            }

            float scale = RowValues.Scale(row, group);
            if (float.Abs(scale) > LargestHalf)
            {
                throw new InvalidDataException($"A scale of 4-bit weights is {scale}; at most {LargestHalf} can be used.");
            }

            scales[r] = (Half)scale;
        }
    }

    // Neighbouring codes share a stored byte; here columns k and k + 4 do.
    private static uint Spread(ReadOnlySpan<byte> codes) =>
        Nibbles((uint)(codes[0] | (codes[1] << 8))) | (Nibbles((uint)(codes[2] | (codes[3] << 8))) << 4);

    private static uint Nibbles(uint codes)
    {
        codes = (codes | (codes << 8)) & 0x00FF00FF;
        return (codes | (codes << 4)) & 0x0F0F0F0F;
    }
}
