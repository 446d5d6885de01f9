using System.Buffers.Binary;

namespace HunyuanOrleans.Model.Checkpoints.Gguf;

/// <summary>
/// Decodes blocks of GGUF to float32, as ggml's reference code defines them (ggml-quants.c, dequantize_row_*). Every value is computed in float32 in the
/// same order, so the bits are those of the reference.
/// </summary>
internal static class GgufDecoder
{
    private const int HalfBytes = 2;

    /// <summary>What the codes of IQ4_NL and IQ4_XS stand for (ggml-common.h, kvalues_iq4nl).</summary>
    internal static ReadOnlySpan<sbyte> Levels => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    /// <summary>Decodes whole blocks.</summary>
    /// <param name="type">A type with blocks.</param>
    /// <param name="blocks">The blocks.</param>
    /// <param name="values">Receives the values of all blocks.</param>
    public static void Decode(StoredType type, ReadOnlySpan<byte> blocks, Span<float> values)
    {
        (int count, int bytes) = type.Block();
        for (; values.Length > 0; blocks = blocks[bytes..], values = values[count..])
        {
            DecodeBlock(type, blocks[..bytes], values[..count]);
        }
    }

    /// <summary>Reads a float16.</summary>
    /// <param name="block">The block.</param>
    /// <param name="at">Its first byte in the block.</param>
    internal static float Half(ReadOnlySpan<byte> block, int at = 0) => (float)BinaryPrimitives.ReadHalfLittleEndian(block[at..]);

    private static void DecodeBlock(StoredType type, ReadOnlySpan<byte> block, Span<float> values)
    {
        switch (type)
        {
            case StoredType.Q8_0:
                DecodeQ8(block, values);
                break;
            case StoredType.Q4_0:
                DecodeSigned(block[HalfBytes..], 0, 8, Half(block), values);
                break;
            case StoredType.Q5_0:
                DecodeSigned(block[(HalfBytes + 4)..], HighBits(block, HalfBytes), 16, Half(block), values);
                break;
            case StoredType.Q4_1:
                DecodeOffset(block[(2 * HalfBytes)..], 0, Half(block), Half(block, HalfBytes), values);
                break;
            case StoredType.Q5_1:
                DecodeOffset(block[((2 * HalfBytes) + 4)..], HighBits(block, 2 * HalfBytes), Half(block), Half(block, HalfBytes), values);
                break;
            case StoredType.IQ4_NL:
                DecodeLevels(block[HalfBytes..], Half(block), values);
                break;
            default:
                GgufSuperBlocks.Decode(type, block, values);
                break;
        }
    }

    /// <summary>Decodes codes of 4 bits that number <see cref="Levels"/>: the low halves of the bytes, then the high ones.</summary>
    internal static void DecodeLevels(ReadOnlySpan<byte> pairs, float scale, Span<float> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = scale * Levels[Code(pairs, 0, i, values.Length)];
        }
    }

    private static void DecodeQ8(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = Half(block);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (sbyte)block[HalfBytes + i] * scale;
        }
    }

    private static void DecodeSigned(ReadOnlySpan<byte> pairs, uint high, int zero, float scale, Span<float> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (Code(pairs, high, i, values.Length) - zero) * scale;
        }
    }

    private static void DecodeOffset(ReadOnlySpan<byte> pairs, uint high, float scale, float least, Span<float> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (Code(pairs, high, i, values.Length) * scale) + least;
        }
    }

    // The fifth bits of all codes of a block.
    private static uint HighBits(ReadOnlySpan<byte> block, int at) => BinaryPrimitives.ReadUInt32LittleEndian(block[at..]);

    private static int Code(ReadOnlySpan<byte> pairs, uint high, int i, int count)
    {
        int half = count / 2;
        return (i < half ? pairs[i] & 0xF : pairs[i - half] >> 4) | ((int)((high >> i) & 1) << 4);
    }
}
