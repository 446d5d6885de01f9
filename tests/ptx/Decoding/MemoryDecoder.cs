using HunyuanOrleans.Ptx.Instructions;
using HunyuanOrleans.Ptx.Parsing;

namespace HunyuanOrleans.Ptx.Decoding;

/// <summary>Decodes accesses to memory.</summary>
internal static class MemoryDecoder
{
    /// <summary>Decodes ld.</summary>
    public static Instruction Load(StatementDecoder statement, Modifiers modifiers)
    {
        string space = modifiers.TakeOne("param", "global", "shared", "shared::cta") ?? throw statement.Unknown();
        bool isConstant = space == "global" && modifiers.Take("nc");
        TakeHints(modifiers);
        int count = TakeCount(modifiers);
        PtxType type = modifiers.TakeType();
        modifiers.End();
        statement.Expect(2, 2);
        Slot?[] targets = [.. Elements(statement, 0, count).Select(element => statement.OptionalTarget(element, type, mayBeWider: true))];
        Access access = new(type.Size, count, type.IsSigned);
        return space == "param"
            ? LoadParameter(statement, [.. targets.Select(target => target ?? throw statement.Unknown())], access)
            : new LoadInstruction(targets, MemoryAddress(statement, 1, space, access.Size), access, space != "global", isConstant);
    }

    /// <summary>Decodes st.</summary>
    public static Instruction Store(StatementDecoder statement, Modifiers modifiers)
    {
        string space = modifiers.TakeOne("global", "shared", "shared::cta") ?? throw statement.Unknown();
        TakeHints(modifiers);
        int count = TakeCount(modifiers);
        PtxType type = modifiers.TakeType();
        modifiers.End();
        statement.Expect(2, 2);
        Slot[] sources = [.. Elements(statement, 1, count).Select(element => statement.Source(element, type, mayBeWider: true))];
        return new StoreInstruction(
            MemoryAddress(statement, 0, space, type.Size), sources, new Access(type.Size, count, type.IsSigned), space != "global");
    }

    /// <summary>Decodes cp.</summary>
    public static Instruction Copy(StatementDecoder statement, Modifiers modifiers)
    {
        modifiers.Require("async");
        switch (modifiers.TakeOne("commit_group", "wait_group", "wait_all", "ca", "cg"))
        {
            case "commit_group":
                modifiers.End();
                statement.Expect(0, 0);
                return new CommitCopiesInstruction();
            case "wait_group":
                modifiers.End();
                statement.Expect(1, 1);
                return new WaitForCopiesInstruction((int)statement.Immediate(0));
            case "wait_all":
                modifiers.End();
                statement.Expect(0, 0);
                return new WaitForCopiesInstruction(-1);
            case { } cache:
                return Copy(statement, modifiers, cache);
            default:
                throw statement.Unknown();
        }
    }

    /// <summary>Decodes prefetch.</summary>
    public static Instruction Prefetch(StatementDecoder statement, Modifiers modifiers)
    {
        modifiers.Require("global");
        _ = modifiers.TakeOne("L1", "L2") ?? throw statement.Unknown();
        modifiers.End();
        statement.Expect(1, 1);
        return new PrefetchInstruction(statement.Address(0, isShared: false));
    }

    private static CopyAsyncInstruction Copy(StatementDecoder statement, Modifiers modifiers, string cache)
    {
        if (modifiers.TakeOne("shared", "shared::cta") is null)
        {
            throw statement.Unknown();
        }

        modifiers.Require("global");
        modifiers.TakeOne("L2::64B", "L2::128B", "L2::256B");
        modifiers.End();
        statement.Expect(3, 4);
        int size = (int)statement.Immediate(2);
        if (size != 16 && (cache == "cg" || size is not (4 or 8)))
        {
            throw statement.Error($"{size} bytes cannot be copied.");
        }

        Slot? count = statement.Count == 4 ? statement.Source(3, PtxType.U32) : null;
        return new CopyAsyncInstruction(statement.Address(0, isShared: true), statement.Address(1, isShared: false), size, count);
    }

    private static LoadParameterInstruction LoadParameter(StatementDecoder statement, Slot[] targets, Access access)
    {
        if (statement[1] is not AddressOperand { Base: SymbolOperand symbol } address
            || statement.Program.Entry.Parameters.Find(parameter => parameter.Name == symbol.Name) is not { } parameter)
        {
            throw statement.Error("There is no such parameter.");
        }

        return address.Offset >= 0 && address.Offset + access.Bytes <= parameter.Size
            ? new LoadParameterInstruction(targets, parameter.Offset + (int)address.Offset, access.Size, access.IsSigned)
            : throw statement.Error($"The parameter has {parameter.Size} bytes only.");
    }

    private static Address MemoryAddress(StatementDecoder statement, int index, string space, int size)
    {
        if (space != "global")
        {
            statement.Program.SharedGranule = Math.Min(statement.Program.SharedGranule, size);
        }

        return statement.Address(index, space != "global");
    }

    // Hints for caches change no result.
    private static void TakeHints(Modifiers modifiers)
    {
        modifiers.TakeOne("ca", "cg", "cs", "lu", "cv", "wb", "wt");
        modifiers.TakeOne("L1::evict_normal", "L1::evict_unchanged", "L1::evict_first", "L1::evict_last", "L1::no_allocate");
        modifiers.TakeOne("L2::64B", "L2::128B", "L2::256B");
    }

    private static int TakeCount(Modifiers modifiers) => modifiers.TakeOne("v2", "v4") switch
    {
        "v2" => 2,
        "v4" => 4,
        _ => 1,
    };

    private static Operand[] Elements(StatementDecoder statement, int index, int count) =>
        count == 1 ? [statement[index]] : statement.Vector(index, count);
}
