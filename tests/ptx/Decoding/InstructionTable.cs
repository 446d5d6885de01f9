using HunyuanOrleans.Ptx.Instructions;
using HunyuanOrleans.Ptx.Parsing;

namespace HunyuanOrleans.Ptx.Decoding;

/// <summary>All instructions that the interpreter knows.</summary>
internal static class InstructionTable
{
    private static readonly Dictionary<string, Func<StatementDecoder, Instruction>> Known = Create();

    /// <summary>Decodes an instruction.</summary>
    /// <exception cref="PtxSyntaxException">It is not known.</exception>
    public static Instruction Decode(StatementDecoder statement)
    {
        if (Known.TryGetValue(statement.Opcode, out Func<StatementDecoder, Instruction>? decode))
        {
            return decode(statement);
        }

        string[] parts = statement.Opcode.Split('.');
        Modifiers modifiers = new(statement, parts[1..]);
        return parts[0] switch
        {
            "mov" => MoveDecoder.Move(statement, modifiers),
            "ld" => MemoryDecoder.Load(statement, modifiers),
            "st" => MemoryDecoder.Store(statement, modifiers),
            "cp" => MemoryDecoder.Copy(statement, modifiers),
            "prefetch" => MemoryDecoder.Prefetch(statement, modifiers),
            "cvt" => ConvertDecoder.Convert(statement, modifiers),
            "setp" => CompareDecoder.Compare(statement, modifiers),
            "bra" or "brx" or "ret" or "exit" or "bar" => ControlDecoder.Decode(statement, parts[0], modifiers),
            "shfl" or "mma" or "ldmatrix" or "movmatrix" => WarpDecoder.Decode(statement, parts[0], modifiers),
            _ => throw statement.Unknown(),
        };
    }

    private static Dictionary<string, Func<StatementDecoder, Instruction>> Create()
    {
        TableBuilder table = new();
        IntegerTable.Fill(table);
        FloatTable.Fill(table);
        HalfTable.Fill(table);
        return table.Known;
    }
}
