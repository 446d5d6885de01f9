using System.Runtime.CompilerServices;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Packing;

namespace HunyuanOrleans.Cuda.Packing;

/// <summary>
/// Writes the weights and scales of 16 rows for tensor cores, with the codes and scales that the CPU would use. With g = lane / 4 and t = lane % 4, a
/// lane has the columns 8t to 8t + 7 of rows g and g + 8 of a tile: four for the first and four for the second of its two steps. bf16: [step][lane]
/// has columns 0 and 1 of row g, the same of row g + 8, columns 2 and 3 of row g, and those of row g + 8. int8 and e4m3: [lane][step] has columns 0, 2,
/// 1, 3 of row g, then those of row g + 8. int4: [lane][step] has the codes of row g and of row g + 8 at column 0, both at column 2, at column 1 and at
/// column 3; the scales of a tile are [g] of rows g and g + 8.
/// </summary>
internal static unsafe class TileEncoder
{
    private const int Rows = CudaMatrixLayout.TileRows;
    private const int HalfRows = Rows / 2;
    private const int Columns = CudaMatrixLayout.TileColumns;
    private const int Lanes = 32;

    /// <summary>Encodes 16 rows.</summary>
    /// <param name="layout">The layout of the matrix.</param>
    /// <param name="rows">The 16 rows.</param>
    /// <param name="weights">Receives <see cref="CudaMatrixLayout.WeightTileBytes"/>.</param>
    /// <param name="scales">Receives <see cref="CudaMatrixLayout.ScaleTileBytes"/>.</param>
    /// <exception cref="InvalidDataException">A stored scale of I4 rows is too large for float16.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Encode(in CudaMatrixLayout layout, ReadOnlySpan<SourceRow> rows, byte* weights, byte* scales)
    {
        if (layout.Type == ElementType.I4)
        {
            EncodeInt4(layout, rows, (uint*)weights, (Half*)scales);
            return;
        }

        int elementBytes = layout.Type.Size();
        byte* elements = stackalloc byte[Rows * Columns * sizeof(ushort)];
        float* rowScales = stackalloc float[Rows];
        for (int r = 0; r < Rows; r++)
        {
            rowScales[r] = layout.Type.IsQuantized() ? Scale(layout, rows[r]) : 0;
        }

        new ReadOnlySpan<byte>(rowScales, (int)layout.ScaleTileBytes).CopyTo(new Span<byte>(scales, Rows * sizeof(float)));
        for (int tile = 0; tile < layout.ColumnTiles; tile++, weights += Rows * Columns * elementBytes)
        {
            for (int r = 0; r < Rows; r++)
            {
                byte* to = elements + (r * Columns * elementBytes);
                new Span<byte>(to, Columns * elementBytes).Clear();
                Read(layout.Type, rows[r], rowScales[r], tile * Columns, Math.Min(Columns, layout.Columns - (tile * Columns)), to);
            }

            if (elementBytes == 1)
            {
                ArrangeBytes(elements, (uint*)weights);
            }
            else
            {
                ArrangePairs((uint*)elements, (uint*)weights);
            }
        }
    }

    /// <summary>Writes columns of a row in the type of a matrix, quantised if need be.</summary>
    internal static void Read(ElementType type, in SourceRow row, float scale, int first, int count, byte* elements)
    {
        const int Chunk = 256;
        if (row.Address != 0 && row.Type == type)
        {
            new ReadOnlySpan<byte>((byte*)row.Address + ((long)first * type.Size()), count * type.Size()).CopyTo(new Span<byte>(elements, count * type.Size()));
            return;
        }

        float* values = stackalloc float[Chunk];
        for (int i = 0; i < count; i += Chunk)
        {
            int columns = Math.Min(Chunk, count - i);
            RowDecoder.Read(row, first + i, columns, values);
            RowEncoder.Quantize(values, columns, scale, type, elements + (i * type.Size()));
        }
    }

    // Kernels do not look for the codes of NaN, so their row gets the scale NaN.
    private static float Scale(in CudaMatrixLayout layout, in SourceRow row) =>
        row.Address != 0 && row.Type == ElementType.F8E4M3 && layout.Type == ElementType.F8E4M3
            && new ReadOnlySpan<byte>((byte*)row.Address, layout.Columns).ContainsAny((byte)0x7F, (byte)0xFF)
                ? float.NaN
                : RowEncoder.Scale(row, layout.Type, layout.Columns);

    private static void ArrangePairs(uint* elements, uint* weights)
    {
        const int RowPairs = Columns / 2;
        for (int lane = 0; lane < Lanes; lane++)
        {
            uint* upper = elements + (lane / 4 * RowPairs) + (lane % 4 * 4);
            uint* lower = upper + (HalfRows * RowPairs);
            for (int step = 0; step < 2; step++)
            {
                uint* to = weights + (((step * Lanes) + lane) * 4);
                to[0] = upper[step * 2];
                to[1] = lower[step * 2];
                to[2] = upper[(step * 2) + 1];
                to[3] = lower[(step * 2) + 1];
            }
        }
    }

    private static void ArrangeBytes(byte* elements, uint* weights)
    {
        for (int lane = 0; lane < Lanes; lane++)
        {
            byte* upper = elements + (lane / 4 * Columns) + (lane % 4 * 8);
            byte* lower = upper + (HalfRows * Columns);
            for (int step = 0; step < 2; step++)
            {
                weights[(lane * 4) + (step * 2)] = SwapMiddleBytes(upper + (step * 4));
                weights[(lane * 4) + (step * 2) + 1] = SwapMiddleBytes(lower + (step * 4));
            }
        }
    }

    private static uint SwapMiddleBytes(byte* bytes) => (uint)(bytes[0] | (bytes[2] << 8) | (bytes[1] << 16) | (bytes[3] << 24));

    private static void EncodeInt4(in CudaMatrixLayout layout, ReadOnlySpan<SourceRow> rows, uint* weights, Half* scales)
    {
        uint* words = stackalloc uint[Int4GroupLayout.WordsPerRow * Rows];
        Half* rowScales = stackalloc Half[Rows];
        float* scratch = stackalloc float[Int4Packer.ScratchFloats];
        for (int tile = 0; tile < layout.ColumnTiles; tile++)
        {
            Int4Packer.PackGroup(rows, tile, Math.Min(Columns, layout.Columns - (tile * Columns)), words, Rows, rowScales, scratch);
            for (int lane = 0; lane < Lanes; lane++)
            {
                uint upper = words[(lane % 4 * Rows) + (lane / 4)];
                uint lower = words[(lane % 4 * Rows) + (lane / 4) + HalfRows];
                *weights++ = ArrangeCodes(upper, lower);
                *weights++ = ArrangeCodes(upper >> 4, lower >> 4);
            }

            for (int g = 0; g < HalfRows; g++)
            {
                *scales++ = rowScales[g];
                *scales++ = rowScales[g + HalfRows];
            }
        }
    }

    // The low halves of the bytes are the codes of four columns.
    private static uint ArrangeCodes(uint upper, uint lower)
    {
        uint codes = (upper & 0x0F0F0F0F) | ((lower & 0x0F0F0F0F) << 4);
        return (codes & 0xFF0000FF) | ((codes & 0xFF00) << 8) | ((codes >> 8) & 0xFF00);
    }
}
