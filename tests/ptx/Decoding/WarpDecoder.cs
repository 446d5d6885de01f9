using HunyuanOrleans.Ptx.Instructions;
using HunyuanOrleans.Ptx.Parsing;

namespace HunyuanOrleans.Ptx.Decoding;

/// <summary>Decodes instructions in which lanes work together.</summary>
internal static class WarpDecoder
{
    /// <summary>Decodes one.</summary>
    public static Instruction Decode(StatementDecoder statement, string name, Modifiers modifiers)
    {
        modifiers.Require("sync");
        return name switch
        {
            "shfl" => Shuffle(statement, modifiers),
            "mma" => Multiply(statement, modifiers),
            "ldmatrix" => LoadMatrix(statement, modifiers),
            _ => TransposeMatrix(statement, modifiers),
        };
    }

    private static ShuffleInstruction Shuffle(StatementDecoder statement, Modifiers modifiers)
    {
        ShuffleMode mode = modifiers.TakeOne("up", "down", "bfly", "idx") switch
        {
            "up" => ShuffleMode.Up,
            "down" => ShuffleMode.Down,
            "bfly" => ShuffleMode.Xor,
            "idx" => ShuffleMode.Index,
            _ => throw statement.Unknown(),
        };
        modifiers.Require("b32");
        modifiers.End();
        statement.Expect(5, 5);
        Slot source = statement.Source(1, PtxType.B32);
        Slot distance = statement.Source(2, PtxType.B32);
        Slot limits = statement.Source(3, PtxType.B32);
        Slot members = statement.Source(4, PtxType.B32);
        (Operand value, Operand? inRange) = statement[0] is PairOperand pair ? ((Operand)pair.First, (Operand?)pair.Second) : (statement[0], null);
        Slot? target = statement.OptionalTarget(value, PtxType.B32);
        Slot? predicate = inRange is null ? null : statement.Target(inRange, PtxType.Predicate);
        return new ShuffleInstruction(target, predicate, source, distance, limits, members, mode);
    }

    private static MatrixMultiplyInstruction Multiply(StatementDecoder statement, Modifiers modifiers)
    {
        modifiers.Require("aligned", "m16n8k16", "row", "col", "f32", "bf16", "bf16", "f32");
        modifiers.End();
        statement.Expect(4, 4);
        Slot[] Sources(int index, int count, PtxType type) => [.. statement.Vector(index, count).Select(element => statement.Source(element, type))];
        Slot[] a = Sources(1, 4, PtxType.B32);
        Slot[] b = Sources(2, 2, PtxType.B32);
        Slot[] c = Sources(3, 4, PtxType.F32);
        return new MatrixMultiplyInstruction([.. statement.Vector(0, 4).Select(element => statement.Target(element, PtxType.F32))], a, b, c);
    }

    private static LoadMatrixInstruction LoadMatrix(StatementDecoder statement, Modifiers modifiers)
    {
        modifiers.Require("aligned", "m8n8");
        int count = modifiers.TakeOne("x1", "x2", "x4") switch
        {
            "x1" => 1,
            "x2" => 2,
            "x4" => 4,
            _ => throw statement.Unknown(),
        };
        bool isTransposed = modifiers.Take("trans");
        if (modifiers.TakeOne("shared", "shared::cta") is null)
        {
            throw statement.Unknown();
        }

        modifiers.Require("b16");
        modifiers.End();
        statement.Expect(2, 2);
        Address address = statement.Address(1, isShared: true);
        Operand[] elements = statement[0] is VectorOperand ? statement.Vector(0, count) : [statement[0]];
        return elements.Length == count
            ? new LoadMatrixInstruction([.. elements.Select(element => statement.Target(element, PtxType.B32))], address, isTransposed)
            : throw statement.Error($"There are not {count} targets.");
    }

    private static TransposeMatrixInstruction TransposeMatrix(StatementDecoder statement, Modifiers modifiers)
    {
        modifiers.Require("aligned", "m8n8", "trans", "b16");
        modifiers.End();
        statement.Expect(2, 2);
        Slot source = statement.Source(1, PtxType.B32);
        return new TransposeMatrixInstruction(statement.Target(0, PtxType.B32), source);
    }
}
