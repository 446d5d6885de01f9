using HunyuanOrleans.Kernels.Isa;

namespace HunyuanOrleans.TestSupport;

/// <summary>The instruction sets of this machine whose kernels for float32 and bfloat16 differ. The others differ in products of bytes only.</summary>
public static class FloatKernels
{
    /// <summary>The sets, weakest first.</summary>
    public static IEnumerable<InstructionSet> Sets { get; } =
        [.. InstructionSets.Available.Where(static set => set is not (InstructionSet.AvxVnni or InstructionSet.Avx512Vnni))];
}
