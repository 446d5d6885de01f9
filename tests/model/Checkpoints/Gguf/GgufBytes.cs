using System.Buffers.Binary;
using HunyuanOrleans.Model.Checkpoints;

namespace HunyuanOrleans.Model.Tests.Checkpoints.Gguf;

/// <summary>Encodes blocks of random values field by field from the format's description, and keeps what each value stands for.</summary>
internal static class GgufBytes
{
    /// <summary>A random block.</summary>
    /// <param name="type">A type with blocks.</param>
    /// <param name="random">The source of values.</param>
    /// <param name="values">Receives what the values stand for.</param>
    public static byte[] Block(StoredType type, Random random, List<double> values) => type switch
    {
        StoredType.Q8_0 => Q8(random, values),
        StoredType.Q4_0 => Small(random, values, 18, bits: 4, offset: false),
        StoredType.Q4_1 => Small(random, values, 20, bits: 4, offset: true),
        StoredType.Q5_0 => Small(random, values, 22, bits: 5, offset: false),
        StoredType.Q5_1 => Small(random, values, 24, bits: 5, offset: true),
        StoredType.IQ4_NL => Iq4(random, values),
        StoredType.Q2_K => Q2K(random, values),
        StoredType.Q3_K => Q3K(random, values),
        StoredType.Q4_K => Q45K(random, values, 144, bits: 4),
        StoredType.Q5_K => Q45K(random, values, 176, bits: 5),
        StoredType.Q6_K => Q6K(random, values),
        StoredType.IQ4_XS => Iq4Xs(random, values),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "The type has no blocks."),
    };

    private static byte[] Q8(Random random, List<double> values)
    {
        byte[] block = new byte[34];
        double scale = Scale(random, block, 0);
        for (int i = 0; i < 32; i++)
        {
            sbyte code = (sbyte)random.Next(-127, 128);
            block[2 + i] = (byte)code;
            values.Add(scale * code);
        }

        return block;
    }

    // A scale, perhaps a minimum, perhaps the fifth bits of 32 codes, then their lower four bits: those of value i and of value i + 16 in one byte.
    private static byte[] Small(Random random, List<double> values, int bytes, int bits, bool offset)
    {
        byte[] block = new byte[bytes];
        double scale = Scale(random, block, 0), least = offset ? Scale(random, block, 2) : -scale * (1 << (bits - 1));
        for (int i = 0; i < 32; i++)
        {
            int code = random.Next(1 << bits);
            block[bytes - 16 + (i % 16)] |= (byte)((code & 15) << (i / 16 * 4));
            if (bits == 5)
            {
                block[bytes - 20 + (i / 8)] |= (byte)(code >> 4 << (i % 8));
            }

            values.Add((scale * code) + least);
        }

        return block;
    }

    private static byte[] Iq4(Random random, List<double> values)
    {
        byte[] block = new byte[18];
        double scale = Scale(random, block, 0);
        AddLevels(random, block.AsSpan(2), scale, values);
        return block;
    }

    private static byte[] Iq4Xs(Random random, List<double> values)
    {
        byte[] block = new byte[136];
        double scale = Scale(random, block, 0);
        for (int group = 0; group < 8; group++)
        {
            int factor = random.Next(64);
            block[2 + (group / 4)] |= (byte)(factor >> 4 << (group % 4 * 2));
            block[4 + (group / 2)] |= (byte)((factor & 15) << (group % 2 * 4));
            AddLevels(random, block.AsSpan(8 + (group * 16), 16), scale * (factor - 32), values);
        }

        return block;
    }

    private static void AddLevels(Random random, Span<byte> pairs, double scale, List<double> values)
    {
        int[] levels = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];
        for (int i = 0; i < 32; i++)
        {
            int code = random.Next(16);
            pairs[i % 16] |= (byte)(code << (i / 16 * 4));
            values.Add(scale * levels[code]);
        }
    }

    private static byte[] Q2K(Random random, List<double> values)
    {
        byte[] block = new byte[84];
        double scale = Scale(random, block, 80), least = Scale(random, block, 82);
        for (int i = 0; i < 256; i++)
        {
            if (i % 16 == 0)
            {
                block[i / 16] = (byte)random.Next(256);
            }

            int code = random.Next(4);
            block[16 + (i / 128 * 32) + (i % 32)] |= (byte)(code << (i / 32 % 4 * 2));
            values.Add((scale * (block[i / 16] & 15) * code) - (least * (block[i / 16] >> 4)));
        }

        return block;
    }

    private static byte[] Q3K(Random random, List<double> values)
    {
        byte[] block = new byte[110];
        double scale = Scale(random, block, 108);
        int[] factors = [.. Enumerable.Range(0, 16).Select(_ => random.Next(64))];
        for (int group = 0; group < 16; group++)
        {
            block[96 + (group % 8)] |= (byte)((factors[group] & 15) << (group / 8 * 4));
            block[104 + (group % 4)] |= (byte)(factors[group] >> 4 << (group / 4 * 2));
        }

        for (int i = 0; i < 256; i++)
        {
            int code = random.Next(8);
            block[i % 32] |= (byte)(code >> 2 << (i / 32));
            block[32 + (i / 128 * 32) + (i % 32)] |= (byte)((code & 3) << (i / 32 % 4 * 2));
            values.Add(scale * (factors[i / 16] - 32) * (code - 4));
        }

        return block;
    }

    private static byte[] Q45K(Random random, List<double> values, int bytes, int bits)
    {
        byte[] block = new byte[bytes];
        double scale = Scale(random, block, 0), least = Scale(random, block, 2);
        int[] factors = [.. Enumerable.Range(0, 8).Select(_ => random.Next(64))], minima = [.. Enumerable.Range(0, 8).Select(_ => random.Next(64))];
        for (int group = 0; group < 4; group++)
        {
            // Bytes 0 to 3: factors 0 to 3, and above them the upper two bits of factors 4 to 7; bytes 4 to 7 the same of minima; then the lower four bits of both.
            block[4 + group] = (byte)(factors[group] | (factors[group + 4] >> 4 << 6));
            block[8 + group] = (byte)(minima[group] | (minima[group + 4] >> 4 << 6));
            block[12 + group] = (byte)((factors[group + 4] & 15) | ((minima[group + 4] & 15) << 4));
        }

        for (int i = 0; i < 256; i++)
        {
            int group = i / 32, code = random.Next(1 << bits);
            block[bytes - 128 + (group / 2 * 32) + (i % 32)] |= (byte)((code & 15) << (group % 2 * 4));
            if (bits == 5)
            {
                block[16 + (i % 32)] |= (byte)(code >> 4 << group);
            }

            values.Add((scale * factors[group] * code) - (least * minima[group]));
        }

        return block;
    }

    private static byte[] Q6K(Random random, List<double> values)
    {
        byte[] block = new byte[210];
        double scale = Scale(random, block, 208);
        sbyte[] factors = [.. Enumerable.Range(0, 16).Select(_ => (sbyte)random.Next(-128, 128))];
        for (int i = 0; i < 16; i++)
        {
            block[192 + i] = (byte)factors[i];
        }

        for (int i = 0; i < 256; i++)
        {
            int code = random.Next(64), half = i / 128, quarter = i % 128 / 32, at = i % 32;
            block[(half * 64) + (quarter % 2 * 32) + at] |= (byte)((code & 15) << (quarter / 2 * 4));
            block[128 + (half * 32) + at] |= (byte)(code >> 4 << (quarter * 2));
            values.Add(scale * factors[i / 16] * (code - 32));
        }

        return block;
    }

    private static double Scale(Random random, byte[] block, int at)
    {
        Half scale = (Half)(random.NextDouble() * 0.1);
        BinaryPrimitives.WriteHalfLittleEndian(block.AsSpan(at), scale);
        return (double)scale;
    }
}
