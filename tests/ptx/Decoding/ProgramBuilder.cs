using HunyuanOrleans.Ptx.Execution;
using HunyuanOrleans.Ptx.Instructions;
using HunyuanOrleans.Ptx.Memory;
using HunyuanOrleans.Ptx.Parsing;

namespace HunyuanOrleans.Ptx.Decoding;

/// <summary>Makes a program of an entry.</summary>
internal sealed class ProgramBuilder
{
    private const int Alignment = 64;

    private readonly Dictionary<string, Slot> _registers = [];
    private readonly List<(string Name, PtxType Type)> _names = [];
    private readonly Dictionary<(int Size, ulong Bits), Slot> _constants = [];
    private readonly Dictionary<string, Slot> _specials = [];
    private readonly Dictionary<string, uint> _shared = [];
    private int _fileBytes;
    private int _staticSharedBytes;

    private ProgramBuilder(PtxEntry entry, bool allowsContraction)
    {
        Entry = entry;
        AllowsContraction = allowsContraction;
        foreach ((string name, PtxType type) in entry.Registers)
        {
            _registers.Add(name, new Slot(_names.Count, Reserve(type), type));
            _names.Add((name, type));
        }

        foreach (PtxShared shared in entry.Shared.OrderBy(static shared => shared.Size == 0))
        {
            _staticSharedBytes = (_staticSharedBytes + shared.Alignment - 1) / shared.Alignment * shared.Alignment;
            _shared.Add(shared.Name, SharedMemory.Start + (uint)_staticSharedBytes);
            _staticSharedBytes += shared.Size;
        }
    }

    /// <summary>The entry.</summary>
    public PtxEntry Entry { get; }

    /// <summary>Whether arithmetic that the assembler may contract is allowed.</summary>
    public bool AllowsContraction { get; }

    /// <summary>The smallest access to shared memory so far in bytes.</summary>
    public int SharedGranule { get; set; } = 4;

    /// <summary>Makes a program.</summary>
    /// <exception cref="PtxSyntaxException">An instruction is not known.</exception>
    public static KernelProgram Build(PtxEntry entry, bool allowsContraction)
    {
        ProgramBuilder builder = new(entry, allowsContraction);
        Instruction[] code = [.. entry.Statements.Select(builder.Decode), new ExitInstruction { Text = "}", Line = entry.Line }];
        return new KernelProgram
        {
            Name = entry.Name,
            Code = code,
            Registers = builder._names,
            FileBytes = builder._fileBytes,
            Constants = [.. builder._constants.Select(static constant => (constant.Value.Offset, constant.Key.Size, constant.Key.Bits))],
            Specials = [.. builder._specials.Select(static special => (special.Key, special.Value.Offset))],
            ParameterBytes = entry.ParameterBytes,
            MaxThreads = entry.MaxThreads,
            StaticSharedBytes = builder._staticSharedBytes,
            SharedGranule = builder.SharedGranule,
        };
    }

    /// <summary>The slot of a register or special register, or null if there is none.</summary>
    public Slot? FindRegister(string name)
    {
        if (_registers.TryGetValue(name, out Slot register))
        {
            return register;
        }

        if (!BlockRunner.HasSpecial(name))
        {
            return null;
        }

        if (!_specials.TryGetValue(name, out Slot special))
        {
            special = new Slot(-1, Reserve(PtxType.U32), PtxType.U32);
            _specials.Add(name, special);
        }

        return special;
    }

    /// <summary>The slot of a constant.</summary>
    public Slot Constant(int size, ulong bits)
    {
        bits = size == 8 ? bits : bits & ((1ul << (8 * size)) - 1);
        if (!_constants.TryGetValue((size, bits), out Slot slot))
        {
            PtxType type = new(PtxKind.Bits, size);
            slot = new Slot(-1, Reserve(type), type);
            _constants.Add((size, bits), slot);
        }

        return slot;
    }

    /// <summary>The address of shared memory with a name, or null if there is none.</summary>
    public uint? FindShared(string name) => _shared.TryGetValue(name, out uint address) ? address : null;

    private Instruction Decode(Statement statement)
    {
        StatementDecoder decoder = new(this, statement);
        Slot? guard = statement.Guard is { } register ? decoder.Predicate(register) : null;
        Instruction instruction = InstructionTable.Decode(decoder);
        instruction.Text = statement.Text;
        instruction.Line = statement.Line;
        instruction.IsGuarded = guard is not null;
        instruction.Guard = guard.GetValueOrDefault();
        instruction.IsGuardNegated = statement.Guard is { Negated: true };
        instruction.Reads = [.. decoder.Reads];
        instruction.Writes = [.. decoder.Writes];
        return instruction;
    }

    private int Reserve(PtxType type)
    {
        int offset = _fileBytes;
        _fileBytes += ((Math.Max(type.Size, 1) * 32) + Alignment - 1) / Alignment * Alignment;
        return offset;
    }
}
