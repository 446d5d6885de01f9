using HunyuanOrleans.Ptx.Instructions;
using HunyuanOrleans.Ptx.Parsing;

namespace HunyuanOrleans.Ptx.Decoding;

/// <summary>Finds the slots of an instruction's operands, checks their types, and notes which registers are read and written.</summary>
/// <param name="builder">The program.</param>
/// <param name="statement">The instruction.</param>
internal sealed class StatementDecoder(ProgramBuilder builder, Statement statement)
{
    /// <summary>The program.</summary>
    public ProgramBuilder Program { get; } = builder;

    /// <summary>Name and modifiers.</summary>
    public string Opcode => statement.Opcode;

    /// <summary>Number of operands.</summary>
    public int Count => statement.Operands.Count;

    /// <summary>Registers that are read.</summary>
    public HashSet<int> Reads { get; } = [];

    /// <summary>Registers that are written.</summary>
    public HashSet<int> Writes { get; } = [];

    /// <summary>An operand.</summary>
    public Operand this[int index] => index < Count ? statement.Operands[index] : throw Error("An operand is missing.");

    /// <summary>An error in this instruction.</summary>
    public PtxSyntaxException Error(string message) => new(statement.Line, $"{message} {statement.Text}");

    /// <summary>The error for an instruction that is not known.</summary>
    public PtxSyntaxException Unknown() => Error("The interpreter does not know this instruction.");

    /// <summary>Checks the number of operands.</summary>
    public void Expect(int least, int most)
    {
        if (Count < least || Count > most)
        {
            throw Error($"There are {Count} operands instead of {least}{(most > least ? $" to {most}" : "")}.");
        }
    }

    /// <summary>The slot of an operand that is read.</summary>
    /// <param name="operand">A register or constant.</param>
    /// <param name="type">Its type.</param>
    /// <param name="mayBeWider">Whether the register may be wider.</param>
    public Slot Source(Operand operand, PtxType type, bool mayBeWider = false)
    {
        switch (operand)
        {
            case RegisterOperand { Negated: false } register:
                Slot slot = Register(register, type, mayBeWider);
                if (slot.Index >= 0)
                {
                    Reads.Add(slot.Index);
                }

                return slot;
            case IntegerOperand number when !type.IsFloat && type.Size > 0:
                return Program.Constant(Math.Max(type.Size, 2), (ulong)number.Value);
            case FloatOperand number when type is { Size: 4, Kind: PtxKind.Float or PtxKind.Bits }:
                return Program.Constant(4, BitConverter.SingleToUInt32Bits((float)number.Value));
            case FloatOperand number when type is { Size: 8, Kind: PtxKind.Float or PtxKind.Bits }:
                return Program.Constant(8, BitConverter.DoubleToUInt64Bits(number.Value));
            case SymbolOperand symbol when !type.IsFloat && type.Size >= 4 && Program.FindShared(symbol.Name) is { } address:
                return Program.Constant(type.Size, address);
            default:
                throw Error($"The operand {operand} does not fit.");
        }
    }

    /// <inheritdoc cref="Source(Operand, PtxType, bool)"/>
    public Slot Source(int index, PtxType type, bool mayBeWider = false) => Source(this[index], type, mayBeWider);

    /// <summary>The slot of an operand that is written.</summary>
    public Slot Target(Operand operand, PtxType type, bool mayBeWider = false)
    {
        Slot slot = operand is RegisterOperand { Negated: false } register ? Register(register, type, mayBeWider) : throw Error("The target is not a register.");
        if (slot.Index < 0)
        {
            throw Error("A special register cannot be written.");
        }

        Writes.Add(slot.Index);
        return slot;
    }

    /// <inheritdoc cref="Target(Operand, PtxType, bool)"/>
    public Slot Target(int index, PtxType type, bool mayBeWider = false) => Target(this[index], type, mayBeWider);

    /// <summary>The slot of an operand that is written, or null for the underscore.</summary>
    public Slot? OptionalTarget(Operand operand, PtxType type, bool mayBeWider = false) =>
        operand is DiscardOperand ? null : Target(operand, type, mayBeWider);

    /// <summary>The slots of the operands in braces.</summary>
    public Operand[] Vector(int index, int count) => this[index] is VectorOperand vector && vector.Elements.Count == count
        ? [.. vector.Elements]
        : throw Error($"Operand {index + 1} does not have {count} elements in braces.");

    /// <summary>The slot of a predicate that is read.</summary>
    public Slot Predicate(RegisterOperand register)
    {
        Slot slot = Register(register, PtxType.Predicate, false);
        Reads.Add(slot.Index);
        return slot;
    }

    /// <summary>An integer that is written in the text.</summary>
    public long Immediate(int index) => this[index] is IntegerOperand number ? number.Value : throw Error($"Operand {index + 1} is not a number.");

    /// <summary>An address in global or shared memory.</summary>
    public Address Address(int index, bool isShared)
    {
        if (this[index] is not AddressOperand address)
        {
            throw Error($"Operand {index + 1} is not an address.");
        }

        bool isWide = !isShared || (address.Base is RegisterOperand register && Program.FindRegister(register.Name) is { Type.Size: 8 });
        return new Address(Source(address.Base, isWide ? new PtxType(PtxKind.Unsigned, 8) : PtxType.U32), address.Offset);
    }

    private Slot Register(RegisterOperand register, PtxType type, bool mayBeWider)
    {
        Slot slot = Program.FindRegister(register.Name) ?? throw Error($"The register {register.Name} is not declared.");
        bool isSameSize = mayBeWider && type.Kind != PtxKind.Predicate ? slot.Type.Size >= type.Size : slot.Type.Size == type.Size;
        bool isSameKind = slot.Type.IsFloat == type.IsFloat || slot.Type.Kind == PtxKind.Bits || type.Kind == PtxKind.Bits;
        return isSameSize && isSameKind ? slot : throw Error($"The type of {register.Name} does not fit.");
    }
}
