using HunyuanOrleans.Kernels.Attention;

namespace HunyuanOrleans.Kernels.Tests.Attention;

/// <summary>
/// Reads 8-bit keys and values from the documented bytes of a block, one at a time. Each head has the keys as
/// [pairs of the head][32 positions][2], the values as [pairs of positions][columns][2], then a bfloat16 scale for the key and for the value
/// of each position.
/// </summary>
internal static class KvReader
{
    /// <summary>Whether the quantiser can write the code.</summary>
    public static bool IsCode(byte code, ElementType type) => type == ElementType.I8 ? code != 0x80 : (code & 0x7F) != 0x7F;

    /// <summary>The value of a code, by the definition of its format.</summary>
    public static float Value(byte code, ElementType type)
    {
        if (type == ElementType.I8)
        {
            return (sbyte)code;
        }

        (int exponent, int mantissa) = ((code >> 3) & 15, code & 7);
        double magnitude = exponent == 0 ? mantissa / 8.0 * Math.Pow(2, -6) : (1 + (mantissa / 8.0)) * Math.Pow(2, exponent - 7);
        return (float)((code & 0x80) != 0 ? -magnitude : magnitude);
    }

    /// <summary>The value of the code nearest to a number; of two equally near codes, the even one.</summary>
    public static float Nearest(float number, ElementType type)
    {
        byte best = 0;
        double least = double.PositiveInfinity;
        for (int i = 0; i < 256; i++)
        {
            byte code = (byte)i;
            double distance = Math.Abs((double)number - Value(code, type));
            if (IsCode(code, type) && (distance < least || (distance == least && (code & 1) == 0)))
            {
                (best, least) = (code, distance);
            }
        }

        return Value(best, type);
    }

    /// <summary>The key and the value of a head at an offset of a block.</summary>
    public static (double[] Key, double[] Value) Read(KvBlocks cache, int group, int block, int head, int offset)
    {
        int size = cache.HeadSize;
        int keyElements = (size + 7) / 8 * 8;
        int columns = (size + 15) / 16 * 16;
        ReadOnlySpan<byte> bytes = cache.ReadBlock(group, block);
        bytes = bytes.Slice(head * bytes.Length / cache.Heads, bytes.Length / cache.Heads);
        ReadOnlySpan<byte> values = bytes[(keyElements * KvBlocks.Positions)..];
        ReadOnlySpan<byte> scales = values[(columns * KvBlocks.Positions)..];
        double keyScale = BitConverter.UInt32BitsToSingle((uint)BitConverter.ToUInt16(scales[(2 * offset)..]) << 16);
        double valueScale = BitConverter.UInt32BitsToSingle((uint)BitConverter.ToUInt16(scales[(2 * (KvBlocks.Positions + offset))..]) << 16);
        (double[] key, double[] value) = (new double[size], new double[size]);
        for (int i = 0; i < size; i++)
        {
            key[i] = keyScale * Value(bytes[(((i / 2 * KvBlocks.Positions) + offset) * 2) + (i % 2)], cache.Type);
            value[i] = valueScale * Value(values[(((offset / 2 * columns) + i) * 2) + (offset % 2)], cache.Type);
        }

        return (key, value);
    }
}
