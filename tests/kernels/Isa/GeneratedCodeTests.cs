using HunyuanOrleans.Kernels.CodeGeneration;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;
using Iced.Intel;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Isa;

/// <summary>Generated kernels are made once for each shape, and use only instructions that every processor with their set has.</summary>
public sealed class GeneratedCodeTests
{
    private static readonly CpuidFeature[] Base = [CpuidFeature.INTEL8086, CpuidFeature.INTEL386, CpuidFeature.X64, CpuidFeature.CPUID, CpuidFeature.SSE];
    private static readonly CpuidFeature[] Avx2 = [CpuidFeature.AVX, CpuidFeature.AVX2, CpuidFeature.FMA, CpuidFeature.F16C];
    private static readonly CpuidFeature[] Avx512 = [.. Avx2, CpuidFeature.AVX512F, CpuidFeature.AVX512BW];

    public static TheoryData<InstructionSet, ElementType> Kernels
    {
        get
        {
            TheoryData<InstructionSet, ElementType> data = [];
            foreach (InstructionSet isa in InstructionSets.Available.Where(static set => PanelKernels.For(set).Code.Generates).DefaultIfEmpty(InstructionSet.Portable))
            {
                foreach (ElementType type in (ElementType[])[ElementType.F32, ElementType.BF16, ElementType.I8, ElementType.F8E4M3, ElementType.I4])
                {
                    data.Add(isa, type);
                }
            }

            return data;
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Kernels))]
    public void Kernels_use_the_instructions_of_their_set(InstructionSet isa, ElementType type)
    {
        PanelKernels kernels = PanelKernels.For(isa);
        Skip.IfNot(kernels.Code.Generates, $"No code is generated for {isa} here.");
        CpuidFeature[] allowed = [.. Base, .. Features(isa)];
        HashSet<nint> seen = [];
        foreach (PanelShape shape in Shapes(kernels.Code, type))
        {
            Decoder decoder = Decoder.Create(64, kernels.Code.Assemble(in shape));
            Instruction instruction;
            do
            {
                instruction = decoder.Decode();
                Assert.False(instruction.IsInvalid, $"{shape}");
                Assert.All(instruction.CpuidFeatures, feature => Assert.Contains(feature, allowed));
            }
            while (instruction.FlowControl != FlowControl.Return);

            nint code = kernels.GetKernel(in shape);
            Assert.Equal("r-xp", ExecutableMemoryTests.PermissionsAt(code));
            Assert.True(seen.Add(code), "Two kernels share an address.");
            Assert.Equal(code, kernels.GetKernel(in shape));
        }
    }

    private static IEnumerable<PanelShape> Shapes(PanelCode code, ElementType type) =>
        from panels in Enumerable.Range(1, PanelKernels.BlockPanels)
        from tokens in Enumerable.Range(1, code.MaxTokens(type, panels))
        from ahead in (ReadAhead[])[ReadAhead.None, ReadAhead.OwnStream, ReadAhead.NextWeights(2), ReadAhead.NextWeights(16)]
        from pieces in type is ElementType.F32 or ElementType.BF16 ? (bool[])[false, true] : [false]
        select new PanelShape(type, tokens, panels, PackedLayout.StepStride(type, panels), ahead, pieces);

    private static CpuidFeature[] Features(InstructionSet isa) => isa switch
    {
        InstructionSet.Avx2 => Avx2,
        InstructionSet.AvxVnni => [.. Avx2, CpuidFeature.AVX_VNNI],
        InstructionSet.Avx512 => Avx512,
        InstructionSet.Avx512Vnni => [.. Avx512, CpuidFeature.AVX512_VNNI],
        _ => [.. Avx512, CpuidFeature.AVX512_VNNI, CpuidFeature.AVX512_BF16, CpuidFeature.AVX512_VBMI],
    };
}
