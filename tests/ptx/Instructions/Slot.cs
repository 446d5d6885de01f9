using HunyuanOrleans.Ptx.Parsing;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Where the 32 values of a register or constant of a warp lie. A predicate is one word with a bit for each lane.</summary>
/// <param name="Index">Number of the register, or -1 for constants and special registers.</param>
/// <param name="Offset">Offset in the warp's file in bytes.</param>
/// <param name="Type">Type of the register.</param>
internal readonly record struct Slot(int Index, int Offset, PtxType Type);
