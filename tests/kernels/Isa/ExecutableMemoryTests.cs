using System.Globalization;
using HunyuanOrleans.Kernels.CodeGeneration;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Isa;

/// <summary>Generated code is executable and not writable.</summary>
public sealed unsafe class ExecutableMemoryTests
{
    [SkippableFact]
    public void CodeIsExecutableAndNotWritable()
    {
        Skip.IfNot(OperatingSystem.IsLinux() && System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64, "Machine code is made on 64-bit x86 Linux only.");

        // mov eax, 42; ret
        using ExecutableMemory code = new([0xB8, 42, 0, 0, 0, 0xC3]);
        Assert.Equal("r-xp", PermissionsAt(code.Address));
        Assert.Equal(42, ((delegate* unmanaged<int>)code.Address)());
    }

    public static TheoryData<InstructionSet, ElementType> Kernels
    {
        get
        {
            TheoryData<InstructionSet, ElementType> data = [];
            foreach (InstructionSet isa in InstructionSets.Available.Where(PanelCode.Generates).DefaultIfEmpty(InstructionSet.Portable))
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
    public void EveryKernelIsExecutableAndNotWritable(InstructionSet isa, ElementType type)
    {
        Skip.IfNot(PanelCode.Generates(isa), "This machine runs no generated code.");
        PanelKernels kernels = PanelKernels.For(isa);
        HashSet<nint> seen = [];
        for (int panels = 1; panels <= PanelKernels.BlockPanels; panels++)
        {
            for (int tokens = 1; tokens <= PanelCode.MaxTokens(isa, type, panels); tokens++)
            {
                foreach (ReadAhead ahead in new[] { ReadAhead.None, ReadAhead.OwnStream, ReadAhead.NextWeights(2) })
                {
                    PanelShape shape = new(type, tokens, panels, PackedLayout.StepStride(type, panels), ahead, Pieces: false);
                    nint code = kernels.GetKernel(in shape);
                    Assert.Equal("r-xp", PermissionsAt(code));
                    Assert.True(seen.Add(code), "Two kernels share an address.");
                    Assert.Equal(code, kernels.GetKernel(in shape));
                }
            }
        }
    }

    private static string PermissionsAt(nint address)
    {
        foreach (string line in File.ReadLines("/proc/self/maps"))
        {
            string[] fields = line.Split(' ', '-');
            if (nint.Parse(fields[0], NumberStyles.HexNumber, null) <= address && address < nint.Parse(fields[1], NumberStyles.HexNumber, null))
            {
                return line.Split(' ')[1];
            }
        }

        return "none";
    }
}
