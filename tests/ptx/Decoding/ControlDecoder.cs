using HunyuanOrleans.Ptx.Instructions;
using HunyuanOrleans.Ptx.Parsing;

namespace HunyuanOrleans.Ptx.Decoding;

/// <summary>Decodes branches and barriers.</summary>
internal static class ControlDecoder
{
    /// <summary>Decodes one.</summary>
    public static Instruction Decode(StatementDecoder statement, string name, Modifiers modifiers) => name switch
    {
        "bra" => Branch(statement, modifiers),
        "brx" => BranchIndex(statement, modifiers),
        "bar" => Barrier(statement, modifiers),
        _ => End(statement, modifiers),
    };

    private static BranchInstruction Branch(StatementDecoder statement, Modifiers modifiers)
    {
        modifiers.Take("uni");
        modifiers.End();
        statement.Expect(1, 1);
        return statement[0] is SymbolOperand label ? new BranchInstruction(Find(statement, label.Name)) : throw statement.Error("There is no label.");
    }

    private static BranchIndexInstruction BranchIndex(StatementDecoder statement, Modifiers modifiers)
    {
        modifiers.Require("idx");
        modifiers.Take("uni");
        modifiers.End();
        statement.Expect(2, 2);
        return statement[1] is SymbolOperand list && statement.Program.Entry.BranchTargets.TryGetValue(list.Name, out string[]? labels)
            ? new BranchIndexInstruction(statement.Source(0, PtxType.U32), [.. labels.Select(label => Find(statement, label))])
            : throw statement.Error("There is no such list of labels.");
    }

    private static Instruction Barrier(StatementDecoder statement, Modifiers modifiers)
    {
        bool isWarp = modifiers.Take("warp");
        modifiers.Require("sync");
        modifiers.End();
        if (isWarp)
        {
            statement.Expect(1, 1);
            return (uint)statement.Immediate(0) == uint.MaxValue
                ? new WarpBarrierInstruction()
                : throw statement.Error("Only barriers for all lanes are supported.");
        }

        statement.Expect(1, 2);
        return new BarrierInstruction((int)statement.Immediate(0), statement.Count == 2 ? (int)statement.Immediate(1) : 0);
    }

    private static ExitInstruction End(StatementDecoder statement, Modifiers modifiers)
    {
        modifiers.Take("uni");
        modifiers.End();
        statement.Expect(0, 0);
        return new ExitInstruction();
    }

    private static int Find(StatementDecoder statement, string label) =>
        statement.Program.Entry.Labels.TryGetValue(label, out int target) ? target : throw statement.Error($"There is no label {label}.");
}
