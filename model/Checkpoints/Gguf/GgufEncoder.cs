using System.Buffers.Binary;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Elementwise;

namespace HunyuanOrleans.Model.Checkpoints.Gguf;

/// <summary>Encodes rows of float32 values. Blocks are quantised as llama.cpp's reference code does it.</summary>
internal static class GgufEncoder
{
    private const int LargestByte = 127;

    // A code of 4 bits is a value from -8 to 7 plus 8. The value with the largest magnitude becomes -8, so the scale may be negative.
    private const int NibbleZero = 8;
    private const int LargestNibble = 15;

    /// <summary>Encodes a row.</summary>
    /// <param name="type">The element type to write.</param>
    /// <param name="values">The row.</param>
    /// <param name="target">Receives the bytes; its length is that of an encoded row.</param>
    public static void Encode(GgufType type, ReadOnlySpan<float> values, Span<byte> target)
    {
        switch (type)
        {
            case GgufType.F32:
                Conversion.FromSingles(values, ElementType.F32, target);
                break;
            case GgufType.BF16:
                Conversion.FromSingles(values, ElementType.BF16, target);
                break;
            case GgufType.F16:
                EncodeHalves(values, target);
                break;
            default:
                EncodeBlocks(type, values, target);
                break;
        }
    }

    private static void EncodeHalves(ReadOnlySpan<float> values, Span<byte> target)
    {
        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteHalfLittleEndian(target[(i * sizeof(ushort))..], (Half)values[i]);
        }
    }

    private static void EncodeBlocks(GgufType type, ReadOnlySpan<float> values, Span<byte> target)
    {
        int bytes = type.RowBytes(GgufTypes.BlockValues);
        for (int block = 0; block < values.Length / GgufTypes.BlockValues; block++)
        {
            ReadOnlySpan<float> from = values.Slice(block * GgufTypes.BlockValues, GgufTypes.BlockValues);
            Span<byte> to = target.Slice(block * bytes, bytes);
            if (type == GgufType.Q8_0)
            {
                EncodeBytes(from, to);
            }
            else
            {
                EncodeNibbles(from, to);
            }
        }
    }

    private static void EncodeBytes(ReadOnlySpan<float> values, Span<byte> block)
    {
        float scale = Math.Abs(Largest(values)) / LargestByte;
        float inverse = scale == 0 ? 0 : 1 / scale;
        BinaryPrimitives.WriteHalfLittleEndian(block, (Half)scale);
        for (int i = 0; i < values.Length; i++)
        {
            block[sizeof(ushort) + i] = unchecked((byte)(sbyte)MathF.Round(values[i] * inverse, MidpointRounding.AwayFromZero));
        }
    }

    private static void EncodeNibbles(ReadOnlySpan<float> values, Span<byte> block)
    {
        float scale = Largest(values) / -NibbleZero;
        float inverse = scale == 0 ? 0 : 1 / scale;
        BinaryPrimitives.WriteHalfLittleEndian(block, (Half)scale);
        int half = values.Length / 2;
        for (int i = 0; i < half; i++)
        {
            block[sizeof(ushort) + i] = (byte)(Nibble(values[i] * inverse) | (Nibble(values[half + i] * inverse) << 4));
        }
    }

    private static int Nibble(float scaled) => Math.Min(LargestNibble, (int)(scaled + NibbleZero + 0.5f));

    // The value with the largest magnitude, with its sign.
    private static float Largest(ReadOnlySpan<float> values)
    {
        float largest = 0;
        foreach (float value in values)
        {
            largest = Math.Abs(value) > Math.Abs(largest) ? value : largest;
        }

        return largest;
    }
}
