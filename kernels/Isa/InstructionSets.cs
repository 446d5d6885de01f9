using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using HunyuanOrleans.Kernels.CodeGeneration;

namespace HunyuanOrleans.Kernels.Isa;

/// <summary>Detects which instruction sets the processor and the runtime support.</summary>
public static class InstructionSets
{
    /// <summary>Environment variable that forces a set: portable, avx2, avxvnni, avx512, avx512vnni or avx512bf16.</summary>
    public const string EnvironmentVariable = "HUNYUAN_ISA";

    /// <summary>
    /// Whether machine code can be generated and executed here. Systems other than Linux call differently, and hardened ones refuse executable memory;
    /// there the sets with 256 and 512 bits run with portable kernels, and those that need generated code are not available.
    /// </summary>
    internal static bool CanGenerate { get; } =
        HasAvx2 && OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64 && ExecutableMemory.IsAllowed();

    /// <summary>The sets that this machine can run, weakest first.</summary>
    public static IReadOnlyList<InstructionSet> Available { get; } = [.. Enum.GetValues<InstructionSet>().Where(CanRun)];

    /// <summary>The strongest set that this machine can run.</summary>
    public static InstructionSet Best { get; } = Available[^1];

    /// <summary>Whether <see cref="InstructionSet.Avx512Bf16"/> includes vpdpbusd here. All known processors with vdpbf16ps have it.</summary>
    internal static bool HasVnni { get; } = Available.Contains(InstructionSet.Avx512Vnni);

    /// <summary>Whether <see cref="InstructionSet.Avx512Bf16"/> includes the byte permutations of AVX-512 VBMI here.</summary>
    internal static bool HasVbmi { get; } = Best == InstructionSet.Avx512Bf16 && Avx512Vbmi.IsSupported;

    /// <summary>
    /// The name of the bits that a set computes. Silos with the same name can share a model. Portable kernels give the bits of others on one machine, but
    /// the system's sines and exponentials may differ on processors without FMA and on other architectures.
    /// </summary>
    public static string BitsOf(InstructionSet set) => set switch
    {
        InstructionSet.Portable => $"portable {RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}",
        InstructionSet.Avx512Bf16 => "vdpbf16ps",
        _ => "fma",
    };

    /// <summary>The set to use: the one that <see cref="EnvironmentVariable"/> names, or <see cref="Best"/> if the variable is not set.</summary>
    /// <exception cref="NotSupportedException">The variable names an unknown set or one that this machine cannot run.</exception>
    public static InstructionSet Choose() => Parse(Environment.GetEnvironmentVariable(EnvironmentVariable), Available);

    internal static InstructionSet Parse(string? forced, IReadOnlyList<InstructionSet> available)
    {
        if (string.IsNullOrWhiteSpace(forced))
        {
            return available[^1];
        }

        // Enum.TryParse would accept numbers and comma-separated lists too.
        foreach (InstructionSet set in available)
        {
            if (set.ToString().Equals(forced.Trim(), StringComparison.OrdinalIgnoreCase))
            {
                return set;
            }
        }

        throw new NotSupportedException($"{EnvironmentVariable} is '{forced}'; this machine can run: {string.Join(", ", available).ToLowerInvariant()}.");
    }

    private static bool HasAvx2 => Avx2.IsSupported && Fma.IsSupported;

    private static bool HasAvx512 => HasAvx2 && Avx512F.IsSupported && Avx512BW.IsSupported;

    // AVX-512 may be switched off in the runtime although CPUID reports it, so the runtime is asked first.
    private static bool CanRun(InstructionSet set) => set switch
    {
        InstructionSet.Portable => true,
        InstructionSet.Avx2 => HasAvx2,
        InstructionSet.AvxVnni => HasAvx2 && CanGenerate && (X86Base.CpuId(7, 1).Eax & (1 << 4)) != 0,
        InstructionSet.Avx512 => HasAvx512,
        InstructionSet.Avx512Vnni => HasAvx512 && CanGenerate && (X86Base.CpuId(7, 0).Ecx & (1 << 11)) != 0,
        _ => HasAvx512 && CanGenerate && (X86Base.CpuId(7, 1).Eax & (1 << 5)) != 0,
    };
}
