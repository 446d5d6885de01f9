using System.Numerics;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests;

public sealed class IntegerInstructionTests
{
    [Fact]
    public void Arithmetic_of_32_bits()
    {
        Signed("add.s32", static (a, b) => a + b);
        Signed("sub.s32", static (a, b) => a - b);
        Signed("mul.lo.s32", static (a, b) => a * b);
        Signed("mul.hi.s32", static (a, b) => (int)(((long)a * b) >> 32));
        Signed("min.s32", Math.Min);
        Signed("max.s32", Math.Max);
        Signed("div.s32", static (a, b) => b == -1 ? -a : a / b, static b => b != 0);
        Signed("rem.s32", static (a, b) => b == -1 ? 0 : a % b, static b => b != 0);
        Unsigned("add.u32", static (a, b) => a + b);
        Unsigned("sub.u32", static (a, b) => a - b);
        Unsigned("mul.lo.u32", static (a, b) => a * b);
        Unsigned("mul.hi.u32", static (a, b) => (uint)(((ulong)a * b) >> 32));
        Unsigned("min.u32", Math.Min);
        Unsigned("max.u32", Math.Max);
        Unsigned("div.u32", static (a, b) => a / b, static b => b != 0);
        Unsigned("rem.u32", static (a, b) => a % b, static b => b != 0);
        Unsigned("and.b32", static (a, b) => a & b);
        Unsigned("or.b32", static (a, b) => a | b);
        Unsigned("xor.b32", static (a, b) => a ^ b);
        Unsigned("shl.b32", static (a, b) => b > 31 ? 0 : a << (int)b);
        Unsigned("shr.u32", static (a, b) => b > 31 ? 0 : a >> (int)b);
        Unsigned("shr.b32", static (a, b) => b > 31 ? 0 : a >> (int)b);
        Signed("shr.s32", static (a, b) => a >> (int)Math.Min((uint)b, 31));
    }

    [Fact]
    public void Arithmetic_of_64_bits()
    {
        Long("add.s64", "s64", static (a, b) => a + b);
        Long("sub.u64", "u64", static (a, b) => a - b);
        Long("mul.lo.s64", "s64", static (a, b) => a * b);
        Long("mul.hi.s64", "s64", static (a, b) => (ulong)Math.BigMul((long)a, (long)b, out _));
        Long("mul.hi.u64", "u64", static (a, b) => Math.BigMul(a, b, out _));
        Long("min.s64", "s64", static (a, b) => (ulong)Math.Min((long)a, (long)b));
        Long("max.u64", "u64", Math.Max);
        Long("and.b64", "b64", static (a, b) => a & b);
        Long("or.b64", "b64", static (a, b) => a | b);
        Long("xor.b64", "b64", static (a, b) => a ^ b);
        List<ulong[]> divisions = [.. Operands.Pairs(Operands.Longs, Operands.Longs, 8).Where(static row => row[1] != 0)];
        Check("div.s64 %0, %1, %2;", ["s64", "s64", "s64"], divisions, static row => row[1] == ulong.MaxValue ? 0 - row[0] : (ulong)((long)row[0] / (long)row[1]));
        Check("rem.s64 %0, %1, %2;", ["s64", "s64", "s64"], divisions, static row => row[1] == ulong.MaxValue ? 0 : (ulong)((long)row[0] % (long)row[1]));
        Check("div.u64 %0, %1, %2;", ["u64", "u64", "u64"], divisions, static row => row[0] / row[1]);
        Check("rem.u64 %0, %1, %2;", ["u64", "u64", "u64"], divisions, static row => row[0] % row[1]);
        List<ulong[]> shifts = Operands.Pairs(Operands.Longs, Operands.Words, 4);
        Check("shl.b64 %0, %1, %2;", ["b64", "b64", "u32"], shifts, static row => row[1] > 63 ? 0 : row[0] << (int)row[1]);
        Check("shr.u64 %0, %1, %2;", ["u64", "u64", "u32"], shifts, static row => row[1] > 63 ? 0 : row[0] >> (int)row[1]);
        Check("shr.s64 %0, %1, %2;", ["s64", "s64", "u32"], shifts, static row => (ulong)((long)row[0] >> (int)Math.Min(row[1], 63)));
    }

    [Fact]
    public void Arithmetic_of_16_bits()
    {
        List<ulong[]> rows = [.. Operands.Pairs(Operands.Words, Operands.Words, 2).Select(static row => row.Select(static x => x & 0xffff).ToArray())];
        Check("add.s16 %0, %1, %2;", ["b16", "b16", "b16"], rows, static row => (ushort)(row[0] + row[1]));
        Check("mul.lo.u16 %0, %1, %2;", ["b16", "b16", "b16"], rows, static row => (ushort)(row[0] * row[1]));
        Check("max.s16 %0, %1, %2;", ["b16", "b16", "b16"], rows, static row => (ushort)Math.Max((short)row[0], (short)row[1]));
        Check("shr.s16 %0, %1, 3;", ["b16", "b16", "b16"], rows, static row => (ushort)((short)row[0] >> 3));
        Check("mul.wide.s16 %0, %1, %2;", ["b32", "b16", "b16"], rows, static row => (uint)((short)row[0] * (short)row[1]));
        Check("not.b16 %0, %1;", ["b16", "b16"], rows, static row => (ushort)~row[0]);
    }

    [Fact]
    public void Products_of_three_and_wide_products()
    {
        List<ulong[]> words = Operands.Triples(Operands.Words, 4);
        Check("mad.lo.s32 %0, %1, %2, %3;", ["s32", "s32", "s32", "s32"], words, static row => (uint)((row[0] * row[1]) + row[2]));
        Check("mad.hi.u32 %0, %1, %2, %3;", ["u32", "u32", "u32", "u32"], words, static row => (uint)(((row[0] * row[1]) >> 32) + row[2]));
        Check("mul.wide.s32 %0, %1, %2;", ["s64", "s32", "s32"], words, static row => (ulong)((long)(int)row[0] * (int)row[1]));
        Check("mul.wide.u32 %0, %1, %2;", ["u64", "u32", "u32"], words, static row => row[0] * row[1]);
        List<ulong[]> longs = Operands.Triples(Operands.Longs, 8);
        Check("mad.lo.u64 %0, %1, %2, %3;", ["u64", "u64", "u64", "u64"], longs, static row => (row[0] * row[1]) + row[2]);
        Check("mad.wide.u32 %0, %1, %2, %3;", ["u64", "u32", "u32", "u64"], words, static row => (row[0] * row[1]) + row[2]);
    }

    [Fact]
    public void Functions_of_one_number()
    {
        List<ulong[]> words = Operands.Alone(Operands.Words, 4);
        Check("neg.s32 %0, %1;", ["s32", "s32"], words, static row => (uint)-(int)row[0]);
        Check("abs.s32 %0, %1;", ["s32", "s32"], words, static row => (int)row[0] < 0 ? (uint)-(int)row[0] : row[0]);
        Check("not.b32 %0, %1;", ["b32", "b32"], words, static row => ~(uint)row[0]);
        Check("popc.b32 %0, %1;", ["u32", "b32"], words, static row => (ulong)BitOperations.PopCount(row[0]));
        Check("clz.b32 %0, %1;", ["u32", "b32"], words, static row => (ulong)BitOperations.LeadingZeroCount((uint)row[0]));
        Check("brev.b32 %0, %1;", ["b32", "b32"], words, static row => Convert.ToUInt32(new string([.. Convert.ToString((uint)row[0], 2).PadLeft(32, '0').Reverse()]), 2));
        List<ulong[]> longs = Operands.Alone(Operands.Longs, 8);
        Check("neg.s64 %0, %1;", ["s64", "s64"], longs, static row => 0 - row[0]);
        Check("abs.s64 %0, %1;", ["s64", "s64"], longs, static row => (long)row[0] < 0 ? 0 - row[0] : row[0]);
        Check("not.b64 %0, %1;", ["b64", "b64"], longs, static row => ~row[0]);
        Check("popc.b64 %0, %1;", ["u32", "b64"], longs, static row => (ulong)BitOperations.PopCount(row[0]));
        Check("clz.b64 %0, %1;", ["u32", "b64"], longs, static row => (ulong)BitOperations.LeadingZeroCount(row[0]));
        Check("mov.b64 {%r20, %r21}, %1;\nxor.b32 %0, %r20, %r21;", ["b32", "b64"], longs, static row => (uint)(row[0] ^ (row[0] >> 32)));
    }

    [Fact]
    public void Bytes_and_bit_fields()
    {
        List<ulong[]> words = [.. Operands.Triples(Operands.Words, 4).Select(static row => (ulong[])[row[0], row[1] % 40, row[2] % 40])];
        Check("bfe.u32 %0, %1, %2, %3;", ["u32", "u32", "u32", "u32"], words, static row => row[1] > 31 ? 0 : row[0] >> (int)row[1] & ((1ul << (int)row[2]) - 1));
        Check("bfe.s32 %0, %1, %2, %3;", ["s32", "s32", "u32", "u32"], words, static row =>
        {
            long wide = (int)row[0];
            return row[2] == 0 ? 0 : (uint)(wide >> (int)row[1] << (64 - (int)row[2]) >> (64 - (int)row[2]));
        });
        Check("bfi.b32 %0, %1, 0x5a5a5a5a, %2, %3;", ["b32", "b32", "u32", "u32"], words, static row =>
        {
            ulong mask = ((1ul << (int)row[2]) - 1) << (int)row[1];
            return (uint)((0x5a5a5a5a & ~mask) | ((row[0] << (int)row[1]) & mask));
        });
        Check("prmt.b32 %0, %1, %2, %3;", ["b32", "b32", "b32", "b32"], Operands.Triples(Operands.Words, 4), static row =>
        {
            byte[] bytes = [.. BitConverter.GetBytes((uint)row[0]), .. BitConverter.GetBytes((uint)row[1])];
            return BitConverter.ToUInt32([.. Enumerable.Range(0, 4).Select(i => (row[2] >> (4 * i) & 8) == 0
                ? bytes[row[2] >> (4 * i) & 7]
                : (byte)((sbyte)bytes[row[2] >> (4 * i) & 7] >> 7))]);
        });
        Check("dp4a.s32.s32 %0, %1, %2, %3;", ["s32", "b32", "b32", "s32"], Operands.Triples(Operands.Words, 4), static row =>
            (uint)(Enumerable.Range(0, 4).Sum(i => (sbyte)(row[0] >> (8 * i)) * (sbyte)(row[1] >> (8 * i))) + (int)row[2]));
    }

    [Fact]
    public void Comparisons_and_choices()
    {
        Dictionary<string, Func<long, long, bool>> comparisons = new()
        {
            ["eq"] = static (a, b) => a == b,
            ["ne"] = static (a, b) => a != b,
            ["lt"] = static (a, b) => a < b,
            ["le"] = static (a, b) => a <= b,
            ["gt"] = static (a, b) => a > b,
            ["ge"] = static (a, b) => a >= b,
        };
        List<ulong[]> words = Operands.Pairs(Operands.Words, Operands.Words, 4);
        foreach ((string name, Func<long, long, bool> compare) in comparisons)
        {
            Check($"setp.{name}.s32 %0, %1, %2;", ["pred", "s32", "s32"], words, row => compare((int)row[0], (int)row[1]) ? 1ul : 0);
            Check($"setp.{name}.u32 %0, %1, %2;", ["pred", "u32", "u32"], words, row => compare((uint)row[0], (uint)row[1]) ? 1ul : 0);
            Check($"setp.{name}.s64 %0, %1, %2;", ["pred", "s64", "s64"], words, row => compare((long)row[0], (long)row[1]) ? 1ul : 0);
        }

        Check("setp.lo.u32 %0, %1, %2;", ["pred", "u32", "u32"], words, static row => row[0] < row[1] ? 1ul : 0);
        Check("setp.hs.u64 %0, %1, %2;", ["pred", "u64", "u64"], words, static row => row[0] >= row[1] ? 1ul : 0);
        Check("setp.ls.u32 %0, %1, %2;", ["pred", "u32", "u32"], words, static row => row[0] <= row[1] ? 1ul : 0);
        Check("setp.hi.u32 %0, %1, %2;", ["pred", "u32", "u32"], words, static row => row[0] > row[1] ? 1ul : 0);
        List<ulong[]> joined = [.. words.Select(static (row, i) => (ulong[])[row[0], row[1], (ulong)i & 1])];
        Check("setp.lt.and.u32 %0, %1, %2, %3;", ["pred", "u32", "u32", "pred"], joined, static row => row[0] < row[1] && row[2] == 1 ? 1ul : 0);
        Check("setp.lt.or.u32 %0, %1, %2, !%3;", ["pred", "u32", "u32", "pred"], joined, static row => row[0] < row[1] || row[2] == 0 ? 1ul : 0);
        Check("setp.lt.xor.u32 %p7|%0, %1, %2, %3;", ["pred", "u32", "u32", "pred"], joined, static row => row[0] >= row[1] ^ row[2] == 1 ? 1ul : 0);
        Check("selp.b32 %0, %1, %2, %3;", ["b32", "b32", "b32", "pred"], joined, static row => row[2] == 1 ? row[0] : row[1]);
        Check("and.pred %0, %1, %2;", ["pred", "pred", "pred"], words, static row => row[0] != 0 && row[1] != 0 ? 1ul : 0);
        Check("or.pred %0, %1, %2;", ["pred", "pred", "pred"], words, static row => row[0] != 0 || row[1] != 0 ? 1ul : 0);
        Check("xor.pred %0, %1, %2;", ["pred", "pred", "pred"], words, static row => row[0] != 0 ^ row[1] != 0 ? 1ul : 0);
        Check("not.pred %0, %1;", ["pred", "pred"], words, static row => row[0] == 0 ? 1ul : 0);
    }

    private static void Signed(string opcode, Func<int, int, int> reference, Func<int, bool>? isAllowed = null) =>
        Check(
            $"{opcode} %0, %1, %2;",
            ["s32", "s32", "s32"],
            [.. Operands.Pairs(Operands.Words, Operands.Words, 4).Where(row => isAllowed is null || isAllowed((int)row[1]))],
            row => (uint)reference((int)row[0], (int)row[1]));

    private static void Unsigned(string opcode, Func<uint, uint, uint> reference, Func<uint, bool>? isAllowed = null) =>
        Check(
            $"{opcode} %0, %1, %2;",
            ["u32", "u32", "u32"],
            [.. Operands.Pairs(Operands.Words, Operands.Words, 4).Where(row => isAllowed is null || isAllowed((uint)row[1]))],
            row => reference((uint)row[0], (uint)row[1]));

    private static void Long(string opcode, string type, Func<ulong, ulong, ulong> reference) =>
        Check($"{opcode} %0, %1, %2;", [type, type, type], Operands.Pairs(Operands.Longs, Operands.Longs, 8), row => reference(row[0], row[1]));

    private static void Check(string instruction, string[] types, List<ulong[]> rows, Func<ulong[], ulong> reference) =>
        InstructionCheck.Equal(instruction, types, rows, reference);
}
