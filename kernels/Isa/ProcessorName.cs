using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;

namespace HunyuanOrleans.Kernels.Isa;

/// <summary>The name of this machine's processor.</summary>
public static class ProcessorName
{
    // Three functions of CPUID return 16 characters each.
    private const int FirstFunction = unchecked((int)0x80000002);
    private const int LastFunction = unchecked((int)0x80000004);
    private const int HighestFunction = unchecked((int)0x80000000);

    /// <summary>The name that the processor gives itself, or its architecture if it has none.</summary>
    public static string Value { get; } = Read();

    private static string Read()
    {
        if (!X86Base.IsSupported || (uint)X86Base.CpuId(HighestFunction, 0).Eax < unchecked((uint)LastFunction))
        {
            return RuntimeInformation.ProcessArchitecture.ToString();
        }

        List<int> registers = [];
        for (int function = FirstFunction; function <= LastFunction; function++)
        {
            (int eax, int ebx, int ecx, int edx) = X86Base.CpuId(function, 0);
            registers.AddRange([eax, ebx, ecx, edx]);
        }

        return Encoding.ASCII.GetString(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(registers))).TrimEnd('\0').Trim();
    }
}
