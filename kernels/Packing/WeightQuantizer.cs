using System.Buffers.Binary;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// Quantises rows of weights into the form in which files store them: codes in the order of the columns, and scales. A
/// <see cref="MatrixPacker"/> makes the same packed bytes of them as of the rows themselves. It does not know files.
/// </summary>
public static unsafe class WeightQuantizer
{
    private const int Chunk = 256;

    /// <summary>Bytes of a row's codes: one a column, or for I4 a half (the first in the lower one), in whole 32-bit numbers.</summary>
    public static int CodeBytes(ElementType type, int columns) => type == ElementType.I4 ? (columns + 7) / 8 * sizeof(uint) : columns;

    /// <summary>Bytes of a row's scales: one float32, or for I4 a float16 for each 32 columns.</summary>
    public static int ScaleBytes(ElementType type, int columns) =>
        type == ElementType.I4 ? FourBitGroups.Count(columns) * sizeof(ushort) : sizeof(float);

    /// <summary>Quantises rows. A row's codes and scales do not depend on the rows beside it.</summary>
    /// <param name="type">I8, F8E4M3 or I4.</param>
    /// <param name="rows">Elements of all rows, little-endian.</param>
    /// <param name="stored">Their type: F32, F16 or BF16.</param>
    /// <param name="columns">Elements of a row.</param>
    /// <param name="codes">Receives <see cref="CodeBytes"/> for each row.</param>
    /// <param name="scales">Receives <see cref="ScaleBytes"/> for each row.</param>
    /// <exception cref="ArgumentException">Types or lengths do not fit each other.</exception>
    public static void Quantize(ElementType type, ReadOnlySpan<byte> rows, ElementType stored, int columns, Span<byte> codes, Span<byte> scales)
    {
        if (!type.IsQuantized() || stored.IsQuantized())
        {
            throw new ArgumentException($"{stored} weights cannot be stored as {type}.", nameof(type));
        }

        int rowBytes = columns * stored.Size();
        int count = rows.Length / rowBytes;
        if (rows.Length % rowBytes != 0 || codes.Length != count * CodeBytes(type, columns) || scales.Length != count * ScaleBytes(type, columns))
        {
            throw new ArgumentException($"{rows.Length} bytes of rows, {codes.Length} of codes and {scales.Length} of scales for {columns} columns.", nameof(rows));
        }

        fixed (byte* source = rows)
        fixed (byte* target = codes)
        fixed (byte* factors = scales)
        {
            int step = type == ElementType.I4 ? PanelKernels.PanelRows : 1;
            for (int row = 0; row < count; row += step)
            {
                byte* from = source + ((long)row * rowBytes);
                byte* to = target + ((long)row * CodeBytes(type, columns));
                byte* scale = factors + ((long)row * ScaleBytes(type, columns));
                if (type == ElementType.I4)
                {
                    Groups(from, stored, columns, Math.Min(step, count - row), to, (ushort*)scale);
                }
                else
                {
                    Row(type, new LaneRow((nint)from, stored, 0, default), columns, to, scale);
                }
            }
        }
    }

    private static void Row(ElementType type, in LaneRow row, int columns, byte* codes, byte* scale)
    {
        float factor = RowCodes.Scale(row, type, columns);
        BinaryPrimitives.WriteSingleLittleEndian(new Span<byte>(scale, sizeof(float)), factor);
        float* values = stackalloc float[Chunk];
        for (int first = 0; first < columns; first += Chunk)
        {
            int count = Math.Min(Chunk, columns - first);
            RowValues.Read(row, first, count, values);
            RowCodes.Quantize(values, count, factor, type, codes + first);
        }
    }

    // Sixteen rows at most, one group of columns after the other.
    private static void Groups(byte* source, ElementType stored, int columns, int rows, byte* codes, ushort* scales)
    {
        const int Lanes = PanelKernels.PanelRows;
        float* byRow = stackalloc float[FourBitGroups.Columns * Lanes];
        float* byColumn = stackalloc float[FourBitGroups.Columns * Lanes];
        uint* words = stackalloc uint[FourBitGroups.WordsPerRow * Lanes];
        Half* found = stackalloc Half[Lanes];
        uint** lanes = stackalloc uint*[Lanes];
        int groups = FourBitGroups.Count(columns);
        int numbers = CodeBytes(ElementType.I4, columns) / sizeof(uint);
        for (int group = 0; group < groups; group++)
        {
            int first = group * FourBitGroups.Columns;
            new Span<float>(byRow, FourBitGroups.Columns * Lanes).Clear();
            for (int r = 0; r < Lanes; r++)
            {
                lanes[r] = (uint*)byRow + (r * FourBitGroups.Columns);
                if (r < rows)
                {
                    LaneRow row = new((nint)source + (r * columns * stored.Size()), stored, 0, default);
                    RowValues.Read(row, first, Math.Min(FourBitGroups.Columns, columns - first), (float*)lanes[r]);
                }
            }

            PanelTranspose.Run(InstructionSet.Portable, lanes, 0, FourBitGroups.Columns, 1, (byte*)byColumn);
            GroupQuantizer.Quantize(byColumn, words, Lanes, found);
            for (int r = 0; r < rows; r++)
            {
                scales[(r * groups) + group] = BitConverter.HalfToUInt16Bits(found[r]);
                for (int word = 0; word < FourBitGroups.WordsPerRow && (group * FourBitGroups.WordsPerRow) + word < numbers; word++)
                {
                    uint code = Gather(words[(word * Lanes) + r]);
                    int at = ((r * numbers) + (group * FourBitGroups.WordsPerRow) + word) * sizeof(uint);
                    BinaryPrimitives.WriteUInt32LittleEndian(new Span<byte>(codes + at, sizeof(uint)), code);
                }
            }
        }
    }

    // In memory columns k and k + 4 share a byte; stored, neighbours do.
    private static uint Gather(uint word)
    {
        uint code = 0;
        for (int i = 0; i < 8; i++)
        {
            code |= ((word >> (i < 4 ? i * 8 : ((i - 4) * 8) + 4)) & 0xF) << (i * 4);
        }

        return code;
    }
}
