using System.Buffers.Binary;

namespace HunyuanOrleans.Model.Checkpoints.Gguf;

/// <summary>
/// Decodes blocks of GGUF to float32, as ggml's reference code defines them (ggml-quants.c, dequantize_row_*). Every value is computed in float32 in the
/// same order, so the bits are those of the reference.
/// </summary>
internal static class GgufDecoder
{
    private const int HalfBytes = 2, SuperValues = 256, GroupValues = 32;

    /// <summary>Decodes whole blocks.</summary>
    /// <param name="type">A type with blocks.</param>
    /// <param name="blocks">The blocks.</param>
    /// <param name="values">Receives the values of all blocks.</param>
    public static void Decode(StoredType type, ReadOnlySpan<byte> blocks, Span<float> values)
    {
        (int count, int bytes) = type.Block();
        for (; values.Length > 0; blocks = blocks[bytes..], values = values[count..])
        {
            ReadOnlySpan<byte> block = blocks[..bytes];
            Span<float> target = values[..count];
            switch (type)
            {
                case StoredType.Q8_0:
                    DecodeQ8(block, target);
                    break;
                case StoredType.Q4_0:
                    DecodeQ4(block, target);
                    break;
                case StoredType.Q4_K:
                    DecodeQ4K(block, target);
                    break;
                case StoredType.Q6_K:
                    DecodeQ6K(block, target);
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(type), type, "The type has no blocks.");
            }
        }
    }

    private static float Half(ReadOnlySpan<byte> block, int at = 0) => (float)BinaryPrimitives.ReadHalfLittleEndian(block[at..]);

    private static void DecodeQ8(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = Half(block);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (sbyte)block[HalfBytes + i] * scale;
        }
    }

    private static void DecodeQ4(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = Half(block);
        int half = values.Length / 2;
        for (int i = 0; i < half; i++)
        {
            byte pair = block[HalfBytes + i];
            values[i] = ((pair & 0xF) - 8) * scale;
            values[half + i] = ((pair >> 4) - 8) * scale;
        }
    }

    private static void DecodeQ4K(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = Half(block), least = Half(block, HalfBytes);
        ReadOnlySpan<byte> packed = block.Slice(2 * HalfBytes, 12), codes = block[(2 * HalfBytes + 12)..];
        for (int group = 0; group < SuperValues / GroupValues; group++)
        {
            (int factor, int minimum) = GroupOf(packed, group);
            float step = scale * factor, offset = least * minimum;
            ReadOnlySpan<byte> pairs = codes.Slice(group / 2 * GroupValues, GroupValues);
            for (int i = 0; i < GroupValues; i++)
            {
                int code = group % 2 == 0 ? pairs[i] & 0xF : pairs[i] >> 4;
                values[(group * GroupValues) + i] = (step * code) - offset;
            }
        }
    }

    // The scale and the minimum of a group: 6 bits each, in 12 bytes for eight groups.
    private static (int Factor, int Minimum) GroupOf(ReadOnlySpan<byte> packed, int group) => group < 4
        ? (packed[group] & 63, packed[group + 4] & 63)
        : ((packed[group + 4] & 0xF) | (packed[group - 4] >> 6 << 4), (packed[group + 4] >> 4) | (packed[group] >> 6 << 4));

    private static void DecodeQ6K(ReadOnlySpan<byte> block, Span<float> values)
    {
        ReadOnlySpan<byte> low = block[..128], high = block.Slice(128, 64), scales = block.Slice(192, 16);
        float scale = Half(block, 208);
        for (int i = 0; i < SuperValues; i++)
        {
            // Each half of a block has four runs of 32 values: two in the low and two in the high halves of its bytes.
            int half = i / 128, run = i % 128 / 32, at = i % 32;
            byte pair = low[(half * 64) + (run % 2 * 32) + at];
            int code = (run < 2 ? pair & 0xF : pair >> 4) | (((high[(half * 32) + at] >> (run * 2)) & 3) << 4);
            values[i] = scale * (sbyte)scales[i / 16] * (code - 32);
        }
    }
}
