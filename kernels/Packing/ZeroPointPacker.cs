using System.Runtime.CompilerServices;
using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// Fills blocks of U4 and U8 matrices from rows of the same type: codes, scales and zero points are kept as they are. <see cref="PackedLayout"/> defines
/// the bytes. Rows of zeros have the scale zero.
/// </summary>
internal static unsafe class ZeroPointPacker
{
    private const uint ZeroCodes = 0x88888888;

    // The upper half of an 8-bit code counts 16 times.
    private const float UpperFactor = 16;

    /// <summary>Fills a block.</summary>
    /// <exception cref="InvalidDataException">A scale is too large for float16.</exception>
    public static void Pack(PackedMatrix target, int block, BlockRowReader rows)
    {
        int panels = target.PanelsIn(block);
        int lanes = panels * PanelKernels.PanelRows;
        int groups = Int4GroupLayout.Count(target.Columns);
        bool bytes = target.Type == ElementType.U8;
        byte* plane = target.Block(block);
        byte* lower = bytes ? target.LowerPlane(block) : plane;
        byte* zeroPoints = target.Scales(block);
        for (int group = 0; group < groups; group++)
        {
            int columns = Math.Min(Int4GroupLayout.Columns, target.Columns - (group * Int4GroupLayout.Columns));
            byte* at = plane + ((long)group * Int4GroupLayout.GroupBytes(panels));
            byte* lowerAt = lower + ((long)group * Int4GroupLayout.GroupBytes(panels));
            for (int lane = 0; lane < lanes; lane++)
            {
                SourceRow row = rows.Lanes[lane];
                zeroPoints[(group * lanes) + lane] = row.Address == 0 ? (byte)Int4GroupLayout.Zero : ((byte*)row.ZeroPoint)[group];
                float scale = row.Address == 0 ? 0 : RowDecoder.Scale(row, group);
                if (bytes)
                {
                    Write(row, group, columns, upper: true, at, panels, lane, scale * UpperFactor);
                }

                Write(row, group, columns, upper: false, lowerAt, panels, lane, scale);
            }
        }
    }

    [SkipLocalsInit]
    private static void Write(in SourceRow row, int group, int columns, bool upper, byte* at, int panels, int lane, float scale)
    {
        int lanes = panels * PanelKernels.PanelRows;
        Span<byte> codes = stackalloc byte[Int4GroupLayout.Columns / 2];
        codes.Fill(unchecked((byte)ZeroCodes));
        if (row.Address != 0)
        {
            Read(row, group, columns, upper, codes);
        }

        uint* words = (uint*)at + lane;
        for (int word = 0; word < Int4GroupLayout.WordsPerRow; word++)
        {
            words[word * lanes] = Int4Packer.ToWord(codes.Slice(word * 4, 4));
        }

        ((Half*)(at + Int4GroupLayout.CodeBytes(panels)))[lane] = Int4Packer.ToFloat16(scale);
    }

    // Reads codes as pairs of neighbouring columns. Columns after the last one keep the code for zero.
    private static void Read(in SourceRow row, int group, int columns, bool upper, Span<byte> codes)
    {
        for (int column = 0; column < columns; column++)
        {
            int index = (group * Int4GroupLayout.Columns) + column;
            int code = row.Type == ElementType.U4
                ? (((byte*)row.Address)[index / 2] >> (index % 2 * 4)) & 0xF
                : upper ? ((byte*)row.Address)[index] >> 4 : ((byte*)row.Address)[index] & 0xF;
            codes[column / 2] = (byte)(column % 2 == 0 ? (codes[column / 2] & 0xF0) | code : (codes[column / 2] & 0x0F) | (code << 4));
        }
    }
}
