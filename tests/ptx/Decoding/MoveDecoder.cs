using HunyuanOrleans.Ptx.Instructions;
using HunyuanOrleans.Ptx.Parsing;

namespace HunyuanOrleans.Ptx.Decoding;

/// <summary>Decodes mov.</summary>
internal static class MoveDecoder
{
    /// <summary>Decodes a move, or the packing or unpacking of a register.</summary>
    public static Instruction Move(StatementDecoder statement, Modifiers modifiers)
    {
        PtxType type = modifiers.TakeType();
        modifiers.End();
        statement.Expect(2, 2);
        if (statement[1] is VectorOperand packed && type.Kind == PtxKind.Bits)
        {
            PtxType part = new(PtxKind.Bits, type.Size / packed.Elements.Count);
            Slot[] sources = [.. packed.Elements.Select(element => statement.Source(element, part))];
            return new PackInstruction(statement.Target(0, type), sources);
        }

        if (statement[0] is VectorOperand unpacked && type.Kind == PtxKind.Bits)
        {
            PtxType part = new(PtxKind.Bits, type.Size / unpacked.Elements.Count);
            Slot source = statement.Source(1, type);
            return new UnpackInstruction([.. unpacked.Elements.Select(element => statement.OptionalTarget(element, part))], part.Size, source);
        }

        Slot from = statement.Source(1, type);
        Slot target = statement.Target(0, type);
        return type.Size switch
        {
            2 => new MoveInstruction<ushort>(target, from),
            4 => new MoveInstruction<uint>(target, from),
            8 => new MoveInstruction<ulong>(target, from),
            _ => throw statement.Unknown(),
        };
    }
}
