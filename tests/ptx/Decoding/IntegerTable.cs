using System.Numerics;
using HunyuanOrleans.Ptx.Instructions;

namespace HunyuanOrleans.Ptx.Decoding;

/// <summary>Arithmetic, logic and shifts of integers.</summary>
internal static class IntegerTable
{
    /// <summary>Adds them.</summary>
    public static void Fill(TableBuilder table)
    {
        Arithmetic<short>(table, "s16");
        Arithmetic<ushort>(table, "u16");
        Arithmetic<int>(table, "s32");
        Arithmetic<uint>(table, "u32");
        Arithmetic<long>(table, "s64");
        Arithmetic<ulong>(table, "u64");
        Wide<short, int>(table, "s16", "s32");
        Wide<ushort, uint>(table, "u16", "u32");
        Wide<int, long>(table, "s32", "s64");
        Wide<uint, ulong>(table, "u32", "u64");
        Logic<ushort>(table, "b16");
        Logic<uint>(table, "b32");
        Logic<ulong>(table, "b64");
        Predicates(table);
        BitFields(table);
    }

    private static void Arithmetic<T>(TableBuilder table, string type)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        int width = int.Parse(type.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture);
        table.Vector<T, Add<T>>($"add.{type}", type);
        table.Vector<T, Subtract<T>>($"sub.{type}", type);
        table.Vector<T, MultiplyLow<T>>($"mul.lo.{type}", type);
        table.Ternary<T, MultiplyAddLow<T>>($"mad.lo.{type}", type);
        table.Bits($"mul.hi.{type}", type, [type, type], (a, b, _) => (ulong)((Extend<T>(a) * Extend<T>(b)) >> width));
        table.Bits($"mad.hi.{type}", type, [type, type, type], (a, b, c) => (ulong)((Extend<T>(a) * Extend<T>(b)) >> width) + c);
        table.Binary<T, Divide<T>>($"div.{type}", type);
        table.Binary<T, Remainder<T>>($"rem.{type}", type);
        table.Vector<T, Minimum<T>>($"min.{type}", type);
        table.Vector<T, Maximum<T>>($"max.{type}", type);
        table.Shift<T>($"shr.{type}", type, isLeft: false);
        if (type[0] == 's')
        {
            table.Unary<T, Negate<T>>($"neg.{type}", type);
            table.Unary<T, Absolute<T>>($"abs.{type}", type);
        }
    }

    private static void Wide<T, TWide>(TableBuilder table, string type, string wide)
        where T : unmanaged, IBinaryInteger<T>
    {
        table.Bits($"mul.wide.{type}", wide, [type, type], static (a, b, _) => (ulong)(Extend<T>(a) * Extend<T>(b)));
        table.Bits($"mad.wide.{type}", wide, [type, type, wide], static (a, b, c) => (ulong)(Extend<T>(a) * Extend<T>(b)) + c);
    }

    private static void Logic<T>(TableBuilder table, string type)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        table.Vector<T, And<T>>($"and.{type}", type);
        table.Vector<T, Or<T>>($"or.{type}", type);
        table.Vector<T, Xor<T>>($"xor.{type}", type);
        table.Unary<T, Not<T>>($"not.{type}", type);
        table.Shift<T>($"shl.{type}", type, isLeft: true);
        table.Shift<T>($"shr.{type}", type, isLeft: false);
        foreach (string kind in (string[])[type, type.Replace('b', 'u'), type.Replace('b', 's'), type.Replace('b', 'f')])
        {
            table.Known.Add($"selp.{kind}", statement => CompareDecoder.Select<T>(statement, kind));
        }

        if (type != "b16")
        {
            table.Bits($"popc.{type}", "u32", [type], static (a, _, _) => (ulong)BitOperations.PopCount(a));
            int width = type == "b32" ? 32 : 64;
            table.Bits($"clz.{type}", "u32", [type], (a, _, _) => (ulong)(BitOperations.LeadingZeroCount(a) - (64 - width)));
            table.Unary<T, Reverse<T>>($"brev.{type}", type);
        }
    }

    private static void Predicates(TableBuilder table)
    {
        table.Add("and.pred", "pred", "pred", 2, static (target, sources) => new PredicateInstruction(target, sources, static (a, b) => a & b));
        table.Add("or.pred", "pred", "pred", 2, static (target, sources) => new PredicateInstruction(target, sources, static (a, b) => a | b));
        table.Add("xor.pred", "pred", "pred", 2, static (target, sources) => new PredicateInstruction(target, sources, static (a, b) => a ^ b));
        table.Add("not.pred", "pred", "pred", 1, static (target, sources) => new PredicateInstruction(target, sources, static (a, _) => ~a));
        table.Add("mov.pred", "pred", "pred", 1, static (target, sources) => new PredicateInstruction(target, sources, static (a, _) => a));
    }

    private static void BitFields(TableBuilder table)
    {
        table.Bits("bfe.u32", "u32", ["u32", "u32", "u32"], static (a, start, length) => BitField.Extract(a, start, length, 32, false));
        table.Bits("bfe.s32", "s32", ["s32", "u32", "u32"], static (a, start, length) => BitField.Extract(a, start, length, 32, true));
        table.Bits("bfe.u64", "u64", ["u64", "u32", "u32"], static (a, start, length) => BitField.Extract(a, start, length, 64, false));
        table.Bits("bfe.s64", "s64", ["s64", "u32", "u32"], static (a, start, length) => BitField.Extract(a, start, length, 64, true));
        foreach ((string type, int width) in (ReadOnlySpan<(string, int)>)[("b32", 32), ("b64", 64)])
        {
            table.Known.Add($"bfi.{type}", statement => BitField.DecodeInsert(statement, type, width));
        }

        table.Add("prmt.b32", "b32", "b32", 3, static (target, sources) => new PermuteInstruction(target, sources[0], sources[1], sources[2]));
        table.Bits("dp4a.s32.s32", "s32", ["b32", "b32", "s32"], static (a, b, c) => (uint)(BitField.DotBytes((uint)a, (uint)b) + (int)c));
    }

    private static Int128 Extend<T>(ulong bits)
        where T : IBinaryInteger<T> => Int128.CreateTruncating(T.CreateTruncating(bits));
}
