using HunyuanOrleans.Kernels.Isa;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Support;

/// <summary>The instruction sets and element types that tests cover on this machine.</summary>
internal static class KernelVariants
{
    public static readonly ElementType[] Types = [ElementType.F32, ElementType.BF16];

    /// <summary>The types of quantised keys and values.</summary>
    public static readonly ElementType[] QuantizedKvTypes = [ElementType.I8, ElementType.F8E4M3];

    public static TheoryData<InstructionSet, ElementType> WithTypes()
    {
        TheoryData<InstructionSet, ElementType> data = [];
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            foreach (ElementType type in Types)
            {
                data.Add(isa, type);
            }
        }

        return data;
    }

    /// <summary>Whether the set computes products of the type with vdpbf16ps, which rounds and flushes differently from the other sets.</summary>
    public static bool RoundsDifferently(InstructionSet isa, ElementType type) => isa == InstructionSet.Avx512Bf16 && type == ElementType.BF16;
}
