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

    private const string SystemFile = "/proc/cpuinfo";
    private const string SystemField = "model name";

    /// <summary>The name that the system shows, else the one that the processor gives itself, else its architecture.</summary>
    public static string Value { get; } = ReadFromSystem() ?? ReadFromProcessor();

    // A virtual machine's processor may give itself another name than its system shows.
    private static string? ReadFromSystem()
    {
        if (!File.Exists(SystemFile))
        {
            return null;
        }

        string? line = File.ReadLines(SystemFile).FirstOrDefault(static line => line.StartsWith(SystemField, StringComparison.Ordinal));
        return line is null || line.IndexOf(':', StringComparison.Ordinal) is not (> 0 and int colon) ? null : line[(colon + 1)..].Trim();
    }

    private static string ReadFromProcessor()
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
