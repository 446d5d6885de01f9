using System.Numerics;
using HunyuanOrleans.Ptx.Instructions;
using HunyuanOrleans.Ptx.Parsing;

namespace HunyuanOrleans.Ptx.Decoding;

/// <summary>Decodes setp and selp.</summary>
internal static class CompareDecoder
{
    /// <summary>Decodes a comparison.</summary>
    public static Instruction Compare(StatementDecoder statement, Modifiers modifiers)
    {
        string comparison = modifiers.TakeOne(
            "eq", "ne", "lt", "le", "gt", "ge", "lo", "ls", "hi", "hs", "equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan") ?? throw statement.Unknown();
        PredicateJoin join = modifiers.TakeOne("and", "or", "xor") switch
        {
            "and" => PredicateJoin.And,
            "or" => PredicateJoin.Or,
            "xor" => PredicateJoin.Xor,
            _ => PredicateJoin.None,
        };
        PtxType type = modifiers.TakeType();
        modifiers.End();
        int count = join == PredicateJoin.None ? 3 : 4;
        statement.Expect(count, count);
        Slot a = statement.Source(1, type);
        Slot b = statement.Source(2, type);
        RegisterOperand? other = join == PredicateJoin.None
            ? null
            : statement[3] as RegisterOperand ?? throw statement.Error("The last operand is not a predicate.");
        Slot? joined = other is null ? null : statement.Predicate(other);
        (string ordered, bool isNegated) = Ordered(statement, comparison, type);
        (Operand first, Operand? second) = statement[0] is PairOperand pair ? ((Operand)pair.First, (Operand?)pair.Second) : (statement[0], null);
        Slot? target = statement.OptionalTarget(first, PtxType.Predicate);
        Slot? complement = second is null ? null : statement.OptionalTarget(second, PtxType.Predicate);
        ComparisonResult result = new(target, complement, isNegated, join, joined, other is { Negated: true });
        return (type.IsFloat, type.IsSigned, type.Size) switch
        {
            (true, _, 4) => Create<float>(statement, ordered, a, b, result),
            (true, _, 8) => Create<double>(statement, ordered, a, b, result),
            (false, true, 2) => Create<short>(statement, ordered, a, b, result),
            (false, true, 4) => Create<int>(statement, ordered, a, b, result),
            (false, true, 8) => Create<long>(statement, ordered, a, b, result),
            (false, false, 2) => Create<ushort>(statement, ordered, a, b, result),
            (false, false, 4) => Create<uint>(statement, ordered, a, b, result),
            (false, false, 8) => Create<ulong>(statement, ordered, a, b, result),
            _ => throw statement.Unknown(),
        };
    }

    /// <summary>Decodes a choice.</summary>
    public static Instruction Select<T>(StatementDecoder statement, string type)
        where T : unmanaged
    {
        statement.Expect(4, 4);
        PtxType kind = PtxType.Parse(type)!.Value;
        Slot a = statement.Source(1, kind);
        Slot b = statement.Source(2, kind);
        Slot predicate = statement.Source(3, PtxType.Predicate);
        return new SelectInstruction<T>(statement.Target(0, kind), a, b, predicate);
    }

    // Comparisons that are true with a NaN are the negation of the opposite.
    private static (string Ordered, bool IsNegated) Ordered(StatementDecoder statement, string comparison, PtxType type)
    {
        bool isForFloats = comparison is "equ" or "neu" or "ltu" or "leu" or "gtu" or "geu" or "num" or "nan";
        bool isForUnsigned = comparison is "lo" or "ls" or "hi" or "hs";
        bool isForAny = comparison is "eq" or "ne";
        if ((isForFloats && !type.IsFloat) || (isForUnsigned && type.Kind != PtxKind.Unsigned) || (!isForAny && type.Kind == PtxKind.Bits))
        {
            throw statement.Unknown();
        }

        return comparison switch
        {
            "lo" => ("lt", false),
            "ls" => ("le", false),
            "hi" => ("gt", false),
            "hs" => ("ge", false),
            "equ" => ("ne", true),
            "neu" => ("eq", true),
            "ltu" => ("ge", true),
            "leu" => ("gt", true),
            "gtu" => ("le", true),
            "geu" => ("lt", true),
            "nan" => ("num", true),
            _ => (comparison, false),
        };
    }

    private static Instruction Create<T>(StatementDecoder statement, string comparison, Slot a, Slot b, ComparisonResult result)
        where T : unmanaged, INumber<T> => comparison switch
        {
            "eq" => new CompareInstruction<T, Equal<T>>(a, b, result),
            "ne" => new CompareInstruction<T, Different<T>>(a, b, result),
            "lt" => new CompareInstruction<T, Less<T>>(a, b, result),
            "le" => new CompareInstruction<T, LessOrEqual<T>>(a, b, result),
            "gt" => new CompareInstruction<T, Greater<T>>(a, b, result),
            "ge" => new CompareInstruction<T, GreaterOrEqual<T>>(a, b, result),
            "num" => new CompareInstruction<T, Ordered<T>>(a, b, result),
            _ => throw statement.Unknown(),
        };
}
