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
        StoredType.Q4_0 => Q4(random, values),
        StoredType.Q4_K => Q4K(random, values),
        _ => Q6K(random, values),
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

    private static byte[] Q4(Random random, List<double> values)
    {
        byte[] block = new byte[18];
        double scale = Scale(random, block, 0);
        for (int i = 0; i < 32; i++)
        {
            int code = random.Next(16);
            block[2 + (i % 16)] |= (byte)(code << (i / 16 * 4));
            values.Add(scale * (code - 8));
        }

        return block;
    }

    private static byte[] Q4K(Random random, List<double> values)
    {
        byte[] block = new byte[144];
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
            int group = i / 32, code = random.Next(16);
            block[16 + (group / 2 * 32) + (i % 32)] |= (byte)(code << (group % 2 * 4));
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
