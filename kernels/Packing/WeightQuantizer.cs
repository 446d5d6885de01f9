using System.Buffers.Binary;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// Quantises rows of weights to the form in which checkpoints store them: codes in column order, and scales. A <see cref="MatrixPacker"/>
/// gives the same packed bytes for these codes as for the original rows.
/// </summary>
public static unsafe class WeightQuantizer
{
    private const int Chunk = 256;

    /// <summary>
    /// Bytes of a row's codes: one per column. For I4 two columns share a byte, the first in the low half, and rows are padded to whole 32-bit words.
    /// </summary>
    public static int CodeBytes(ElementType type, int columns) => type == ElementType.I4 ? (columns + 7) / 8 * sizeof(uint) : columns;

    /// <summary>Bytes of a row's scales: one float32; for I4, a float16 for every 32 columns.</summary>
    public static int ScaleBytes(ElementType type, int columns) =>
        type == ElementType.I4 ? Int4GroupLayout.Count(columns) * sizeof(ushort) : sizeof(float);

    /// <summary>Quantises rows. The codes and scales of a row do not depend on other rows.</summary>
    /// <param name="type">The type to quantise to: I8, F8E4M3 or I4.</param>
    /// <param name="rows">The elements of all rows, little-endian.</param>
    /// <param name="sourceType">The type of these elements: F32, F16 or BF16.</param>
    /// <param name="columns">Number of elements in a row.</param>
    /// <param name="codes">Receives <see cref="CodeBytes"/> for each row.</param>
    /// <param name="scales">Receives <see cref="ScaleBytes"/> for each row.</param>
    /// <exception cref="ArgumentException">The types or lengths do not match.</exception>
    public static void Quantize(ElementType type, ReadOnlySpan<byte> rows, ElementType sourceType, int columns, Span<byte> codes, Span<byte> scales)
    {
        if (!type.IsQuantized() || sourceType.IsQuantized())
        {
            throw new ArgumentException($"{sourceType} weights cannot be quantised to {type}.", nameof(type));
        }

        int rowBytes = columns * sourceType.Size();
        int count = rows.Length / rowBytes;
        if (rows.Length % rowBytes != 0 || codes.Length != count * CodeBytes(type, columns) || scales.Length != count * ScaleBytes(type, columns))
        {
            throw new ArgumentException($"{rows.Length} bytes of rows, {codes.Length} of codes and {scales.Length} of scales do not match for {columns} columns.", nameof(rows));
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
                    QuantizeGroups(from, sourceType, columns, Math.Min(step, count - row), to, (ushort*)scale);
                }
                else
                {
                    QuantizeRow(type, new SourceRow((nint)from, sourceType, 0, default), columns, to, scale);
                }
            }
        }
    }

    private static void QuantizeRow(ElementType type, in SourceRow row, int columns, byte* codes, byte* scale)
    {
        float factor = RowEncoder.Scale(row, type, columns);
        BinaryPrimitives.WriteSingleLittleEndian(new Span<byte>(scale, sizeof(float)), factor);
        float* values = stackalloc float[Chunk];
        for (int first = 0; first < columns; first += Chunk)
        {
            int count = Math.Min(Chunk, columns - first);
            RowDecoder.Read(row, first, count, values);
            RowEncoder.Quantize(values, count, factor, type, codes + first);
        }
    }

    // Quantises at most 16 rows, one group of columns after the other.
    private static void QuantizeGroups(byte* source, ElementType sourceType, int columns, int rows, byte* codes, ushort* scales)
    {
        const int Lanes = PanelKernels.PanelRows;
        float* byRow = stackalloc float[Int4GroupLayout.Columns * Lanes];
        float* byColumn = stackalloc float[Int4GroupLayout.Columns * Lanes];
        uint* words = stackalloc uint[Int4GroupLayout.WordsPerRow * Lanes];
        Half* found = stackalloc Half[Lanes];
        uint** lanes = stackalloc uint*[Lanes];
        int groups = Int4GroupLayout.Count(columns);
        int wordsPerRow = CodeBytes(ElementType.I4, columns) / sizeof(uint);
        for (int group = 0; group < groups; group++)
        {
            int first = group * Int4GroupLayout.Columns;
            new Span<float>(byRow, Int4GroupLayout.Columns * Lanes).Clear();
            for (int r = 0; r < Lanes; r++)
            {
                lanes[r] = (uint*)byRow + (r * Int4GroupLayout.Columns);
                if (r < rows)
                {
                    SourceRow row = new((nint)source + (r * columns * sourceType.Size()), sourceType, 0, default);
                    RowDecoder.Read(row, first, Math.Min(Int4GroupLayout.Columns, columns - first), (float*)lanes[r]);
                }
            }

            PanelTranspose.Transpose(InstructionSet.Portable, lanes, 0, Int4GroupLayout.Columns, 1, (byte*)byColumn);
            Int4GroupQuantizer.Quantize(byColumn, words, Lanes, found);
            for (int r = 0; r < rows; r++)
            {
                scales[(r * groups) + group] = BitConverter.HalfToUInt16Bits(found[r]);
                for (int word = 0; word < Int4GroupLayout.WordsPerRow && (group * Int4GroupLayout.WordsPerRow) + word < wordsPerRow; word++)
                {
                    uint code = ToStoredOrder(words[(word * Lanes) + r]);
                    int at = ((r * wordsPerRow) + (group * Int4GroupLayout.WordsPerRow) + word) * sizeof(uint);
                    BinaryPrimitives.WriteUInt32LittleEndian(new Span<byte>(codes + at, sizeof(uint)), code);
                }
            }
        }
    }

    // A byte of the packed layout holds columns k and k + 4; a byte of a checkpoint holds two neighbouring columns.
    private static uint ToStoredOrder(uint word)
    {
        uint code = 0;
        for (int i = 0; i < 8; i++)
        {
            code |= ((word >> (i < 4 ? i * 8 : ((i - 4) * 8) + 4)) & 0xF) << (i * 4);
        }

        return code;
    }
}
