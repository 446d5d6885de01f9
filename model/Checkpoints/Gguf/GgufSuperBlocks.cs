using System.Buffers.Binary;

namespace HunyuanOrleans.Model.Checkpoints.Gguf;

/// <summary>Decodes blocks of 256 values whose groups have scales of few bits, as ggml's reference code defines them.</summary>
internal static class GgufSuperBlocks
{
    private const int Values = 256, HalfBytes = 2;

    /// <summary>Decodes a block.</summary>
    /// <param name="type">A type with blocks of 256 values.</param>
    /// <param name="block">The block.</param>
    /// <param name="values">Receives its values.</param>
    public static void Decode(StoredType type, ReadOnlySpan<byte> block, Span<float> values)
    {
        switch (type)
        {
            case StoredType.Q2_K:
                DecodeQ2(block, values);
                break;
            case StoredType.Q3_K:
                DecodeQ3(block, values);
                break;
            case StoredType.Q4_K:
                DecodeQ4(block, [], block[16..], values);
                break;
            case StoredType.Q5_K:
                DecodeQ4(block, block.Slice(16, 32), block[48..], values);
                break;
            case StoredType.Q6_K:
                DecodeQ6(block, values);
                break;
            case StoredType.IQ4_XS:
                DecodeLevels(block, values);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "The type has no blocks.");
        }
    }

    // Two bits of value i are in byte i % 32 of its half block, at the place of its run of 32 values.
    private static int TwoBits(ReadOnlySpan<byte> quads, int i) => (quads[(i / 128 * 32) + (i % 32)] >> (i % 128 / 32 * 2)) & 3;

    private static void DecodeQ2(ReadOnlySpan<byte> block, Span<float> values)
    {
        ReadOnlySpan<byte> groups = block[..16], quads = block.Slice(16, 64);
        float scale = GgufDecoder.Half(block, 80), least = GgufDecoder.Half(block, 82);
        for (int i = 0; i < Values; i++)
        {
            byte group = groups[i / 16];
            float step = scale * (group & 0xF), offset = least * (group >> 4);
            values[i] = (step * TwoBits(quads, i)) - offset;
        }
    }

    private static void DecodeQ3(ReadOnlySpan<byte> block, Span<float> values)
    {
        ReadOnlySpan<byte> high = block[..32], quads = block.Slice(32, 64), packed = block.Slice(96, 12);
        float scale = GgufDecoder.Half(block, 108);
        for (int i = 0; i < Values; i++)
        {
            // The scale of a group has 4 bits in one half of a byte, and 2 bits in the last four bytes.
            int group = i / 16;
            int factor = (group < 8 ? packed[group] & 0xF : packed[group - 8] >> 4) | (((packed[8 + (group % 4)] >> (group / 4 * 2)) & 3) << 4);
            int code = TwoBits(quads, i) - (((high[i % 32] >> (i / 32)) & 1) == 0 ? 4 : 0);
            values[i] = scale * (factor - 32) * code;
        }
    }

    // Q5_K has a fifth bit of each code: that of a group's values at the group's place.
    private static void DecodeQ4(ReadOnlySpan<byte> block, ReadOnlySpan<byte> high, ReadOnlySpan<byte> codes, Span<float> values)
    {
        const int GroupValues = 32;
        float scale = GgufDecoder.Half(block), least = GgufDecoder.Half(block, HalfBytes);
        ReadOnlySpan<byte> packed = block.Slice(2 * HalfBytes, 12);
        for (int group = 0; group < Values / GroupValues; group++)
        {
            (int factor, int minimum) = GroupOf(packed, group);
            float step = scale * factor, offset = least * minimum;
            ReadOnlySpan<byte> pairs = codes.Slice(group / 2 * GroupValues, GroupValues);
            for (int i = 0; i < GroupValues; i++)
            {
                int code = group % 2 == 0 ? pairs[i] & 0xF : pairs[i] >> 4;
                int fifth = high.IsEmpty ? 0 : (high[i] >> group) & 1;
                values[(group * GroupValues) + i] = (step * (code + (fifth << 4))) - offset;
            }
        }
    }

    // The scale and the minimum of a group: 6 bits each, in 12 bytes for eight groups.
    private static (int Factor, int Minimum) GroupOf(ReadOnlySpan<byte> packed, int group) => group < 4
        ? (packed[group] & 63, packed[group + 4] & 63)
        : ((packed[group + 4] & 0xF) | (packed[group - 4] >> 6 << 4), (packed[group + 4] >> 4) | (packed[group] >> 6 << 4));

    private static void DecodeQ6(ReadOnlySpan<byte> block, Span<float> values)
    {
        ReadOnlySpan<byte> low = block[..128], high = block.Slice(128, 64), scales = block.Slice(192, 16);
        float scale = GgufDecoder.Half(block, 208);
        for (int i = 0; i < Values; i++)
        {
            // Each half of a block has four runs of 32 values: two in the low and two in the high halves of its bytes.
            int half = i / 128, run = i % 128 / 32, at = i % 32;
            byte pair = low[(half * 64) + (run % 2 * 32) + at];
            int code = (run < 2 ? pair & 0xF : pair >> 4) | (TwoBits(high, i) << 4);
            values[i] = scale * (sbyte)scales[i / 16] * (code - 32);
        }
    }

    private static void DecodeLevels(ReadOnlySpan<byte> block, Span<float> values)
    {
        const int GroupValues = 32, PairBytes = 16;
        float scale = GgufDecoder.Half(block);
        int high = BinaryPrimitives.ReadUInt16LittleEndian(block[HalfBytes..]);
        ReadOnlySpan<byte> low = block.Slice(4, 4), pairs = block[8..];
        for (int group = 0; group < Values / GroupValues; group++)
        {
            int factor = ((low[group / 2] >> (group % 2 * 4)) & 0xF) | (((high >> (group * 2)) & 3) << 4);
            GgufDecoder.DecodeLevels(pairs.Slice(group * PairBytes, PairBytes), scale * (factor - 32), values.Slice(group * GroupValues, GroupValues));
        }
    }
}
