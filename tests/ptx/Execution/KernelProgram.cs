using HunyuanOrleans.Ptx.Instructions;
using HunyuanOrleans.Ptx.Parsing;

namespace HunyuanOrleans.Ptx.Execution;

/// <summary>An entry that is ready to run.</summary>
internal sealed class KernelProgram
{
    /// <summary>Name of the entry.</summary>
    public required string Name { get; init; }

    /// <summary>The instructions.</summary>
    public required Instruction[] Code { get; init; }

    /// <summary>Names and types of the registers by their number.</summary>
    public required IReadOnlyList<(string Name, PtxType Type)> Registers { get; init; }

    /// <summary>Bytes of a warp's registers and constants.</summary>
    public required int FileBytes { get; init; }

    /// <summary>Constants with their offset in the file, their size in bytes and their bits.</summary>
    public required IReadOnlyList<(int Offset, int Size, ulong Bits)> Constants { get; init; }

    /// <summary>Special registers such as %tid.x with their offset in the file.</summary>
    public required IReadOnlyList<(string Name, int Offset)> Specials { get; init; }

    /// <summary>Bytes of a launch's arguments.</summary>
    public required int ParameterBytes { get; init; }

    /// <summary>The most threads of a block, or 0 for no limit of its own.</summary>
    public required int MaxThreads { get; init; }

    /// <summary>Bytes of shared memory before the memory whose size a launch decides.</summary>
    public required int StaticSharedBytes { get; init; }

    /// <summary>Bytes of the smallest access to shared memory, 4 at most: races are found for units of this size.</summary>
    public required int SharedGranule { get; init; }
}
