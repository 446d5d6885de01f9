using System.Numerics;
using HunyuanOrleans.Ptx.Instructions;
using HunyuanOrleans.Ptx.Parsing;

namespace HunyuanOrleans.Ptx.Decoding;

/// <summary>Collects instructions whose operands all are of types that their name says.</summary>
internal sealed class TableBuilder
{
    /// <summary>The instructions by name.</summary>
    public Dictionary<string, Func<StatementDecoder, Instruction>> Known { get; } = [];

    /// <summary>Adds a function of one value.</summary>
    public void Unary<T, TFunction>(string opcode, string type)
        where T : unmanaged
        where TFunction : IUnary<T> =>
        Add(opcode, type, type, 1, static (target, sources) => new UnaryInstruction<T, TFunction>(target, sources[0]));

    /// <summary>Adds a function of two values.</summary>
    public void Binary<T, TFunction>(string opcode, string type)
        where T : unmanaged
        where TFunction : IBinary<T> =>
        Add(opcode, type, type, 2, static (target, sources) => new BinaryInstruction<T, TFunction>(target, sources[0], sources[1]));

    /// <summary>Adds a function of two values that can take several at once.</summary>
    public void Vector<T, TFunction>(string opcode, string type)
        where T : unmanaged
        where TFunction : IVectorBinary<T> =>
        Add(opcode, type, type, 2, static (target, sources) => new VectorBinaryInstruction<T, TFunction>(target, sources[0], sources[1]));

    /// <summary>Adds a function of three values that can take several at once.</summary>
    public void Ternary<T, TFunction>(string opcode, string type)
        where T : unmanaged
        where TFunction : IVectorTernary<T> =>
        Add(opcode, type, type, 3, static (target, sources) => new VectorTernaryInstruction<T, TFunction>(target, sources[0], sources[1], sources[2]));

    /// <summary>Adds a shift.</summary>
    public void Shift<T>(string opcode, string type, bool isLeft)
        where T : unmanaged, IBinaryInteger<T>
    {
        PtxType kind = PtxType.Parse(type)!.Value;
        Known.Add(opcode, statement =>
        {
            statement.Expect(3, 3);
            Slot a = statement.Source(1, kind);
            Slot amount = statement.Source(2, PtxType.U32);
            return new ShiftInstruction<T>(statement.Target(0, kind), a, amount, isLeft);
        });
    }

    /// <summary>Adds a function of bits.</summary>
    /// <param name="opcode">The instruction.</param>
    /// <param name="target">Type of the result.</param>
    /// <param name="sources">Types of the arguments.</param>
    /// <param name="function">The function.</param>
    public void Bits(string opcode, string target, string[] sources, Func<ulong, ulong, ulong, ulong> function)
    {
        PtxType[] types = [.. sources.Select(static name => PtxType.Parse(name)!.Value)];
        PtxType result = PtxType.Parse(target)!.Value;
        Known.Add(opcode, statement =>
        {
            statement.Expect(types.Length + 1, types.Length + 1);
            Slot[] slots = [.. types.Select((type, i) => statement.Source(i + 1, type))];
            return new BitsInstruction(statement.Target(0, result), slots, function);
        });
    }

    /// <summary>Lets the name without rounding mean the same as one with it, if contraction is allowed. Otherwise running it is a fault.</summary>
    /// <param name="opcode">The name without rounding.</param>
    /// <param name="rounded">The name with rounding.</param>
    public void Contractible(string opcode, string rounded)
    {
        Func<StatementDecoder, Instruction> decode = Known[rounded];
        Known.Add(opcode, statement =>
        {
            Instruction instruction = decode(statement);
            return statement.Program.AllowsContraction
                ? instruction
                : new FaultInstruction("The rounding is not named, so the assembler may contract this with another instruction.");
        });
    }

    /// <summary>Adds any function of registers.</summary>
    public void Add(string opcode, string target, string source, int count, Func<Slot, Slot[], Instruction> create)
    {
        PtxType result = PtxType.Parse(target)!.Value;
        PtxType type = PtxType.Parse(source)!.Value;
        Known.Add(opcode, statement =>
        {
            statement.Expect(count + 1, count + 1);
            Slot[] slots = [.. Enumerable.Range(1, count).Select(i => statement.Source(i, type))];
            return create(statement.Target(0, result), slots);
        });
    }
}
