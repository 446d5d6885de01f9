using HunyuanOrleans.Ptx.Instructions;
using HunyuanOrleans.Ptx.Parsing;

namespace HunyuanOrleans.Ptx.Decoding;

/// <summary>Functions of parts of numbers.</summary>
internal static class BitField
{
    /// <summary>Takes bits out of a number. Above the number's width all bits are its sign if it is signed.</summary>
    public static ulong Extract(ulong value, ulong start, ulong length, int width, bool isSigned)
    {
        int at = (int)(start & 0xff);
        int bits = (int)(length & 0xff);
        if (bits == 0)
        {
            return 0;
        }

        Int128 number = isSigned ? (width == 32 ? (int)value : (long)value) : (Int128)value;
        number >>= Math.Min(at, 100);
        int signAt = Math.Min(bits, 100);
        Int128 field = number & ((Int128.One << signAt) - 1);
        bool isNegative = isSigned && ((value >> Math.Min(at + bits - 1, width - 1)) & 1) != 0;
        return (ulong)(isNegative ? field | ~((Int128.One << signAt) - 1) : field);
    }

    /// <summary>The sum of the products of four signed bytes.</summary>
    public static int DotBytes(uint a, uint b)
    {
        int sum = 0;
        for (int i = 0; i < 32; i += 8)
        {
            sum += (sbyte)(a >> i) * (sbyte)(b >> i);
        }

        return sum;
    }

    /// <summary>Decodes bfi.</summary>
    public static Instruction DecodeInsert(StatementDecoder statement, string name, int width)
    {
        statement.Expect(5, 5);
        PtxType type = PtxType.Parse(name)!.Value;
        Slot field = statement.Source(1, type);
        Slot into = statement.Source(2, type);
        Slot start = statement.Source(3, PtxType.U32);
        Slot length = statement.Source(4, PtxType.U32);
        return new InsertBitsInstruction(statement.Target(0, type), field, into, start, length, width);
    }
}
