using System.Globalization;
using HunyuanOrleans.Kernels.CodeGeneration;
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

    internal static string PermissionsAt(nint address)
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
