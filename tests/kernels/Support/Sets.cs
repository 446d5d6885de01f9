using HunyuanOrleans.Kernels.Isa;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Support;

/// <summary>Theory data over what this machine can run.</summary>
internal static class Sets
{
    public static readonly ElementType[] Types = [ElementType.F32, ElementType.BF16];

    /// <summary>What keys and values are coded in.</summary>
    public static readonly ElementType[] CodeTypes = [ElementType.I8, ElementType.F8E4M3];

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

    /// <summary>Whether the set computes bfloat16 products by vdpbf16ps, which rounds and flushes in its own way.</summary>
    public static bool HasOwnBits(InstructionSet isa, ElementType type) => isa == InstructionSet.Avx512Bf16 && type == ElementType.BF16;
}
