using System.Buffers.Binary;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// Quantises one row of weights into the form in which files store it: codes in the order of the columns, and scales. A
/// <see cref="MatrixPacker"/> makes the same packed bytes of them as of the row itself. It does not know files.
/// </summary>
public static unsafe class WeightRow
{
    /// <summary>Bytes of a row's codes.</summary>
    /// <param name="type">I8, F8E4M3 or I4.</param>
    /// <param name="columns">Elements.</param>
    public static int CodeBytes(ElementType type, int columns) => (int)type.BytesOf(columns);

    /// <summary>Quantises a row.</summary>
    /// <param name="type">I8 or F8E4M3.</param>
    /// <param name="row">Elements, little-endian.</param>
    /// <param name="stored">Their type: F32, F16 or BF16.</param>
    /// <param name="codes">Receives the codes, a byte each.</param>
    /// <param name="scale">Receives the scale, float32 little-endian.</param>
    /// <exception cref="ArgumentException">Types or lengths do not fit each other.</exception>
    public static void Quantize(ElementType type, ReadOnlySpan<byte> row, ElementType stored, Span<byte> codes, Span<byte> scale)
    {
        if (type is not (ElementType.I8 or ElementType.F8E4M3) || stored.IsQuantized())
        {
            throw new ArgumentException($"{stored} weights cannot be stored as {type}.", nameof(type));
        }

        int columns = row.Length / stored.Size();
        if (codes.Length != CodeBytes(type, columns) || scale.Length != sizeof(float))
        {
            throw new ArgumentException($"{codes.Length} bytes for {columns} codes and {scale.Length} for scales.", nameof(codes));
        }

        fixed (byte* source = row)
        fixed (byte* target = codes)
        {
            LaneRow lane = new((nint)source, stored, 0, default);
            float factor = RowCodes.Scale(lane, type, columns);
            BinaryPrimitives.WriteSingleLittleEndian(scale, factor);
            const int Chunk = 256;
            float* values = stackalloc float[Chunk];
            for (int first = 0; first < columns; first += Chunk)
            {
                int count = Math.Min(Chunk, columns - first);
                RowValues.Read(lane, first, count, values);
                RowCodes.Quantize(values, count, factor, type, target + first);
            }
        }
    }
}
