using System.Runtime.Intrinsics.X86;

namespace HunyuanOrleans.Kernels.Isa;

/// <summary>The instructions that the kernels use, weakest first. The first three give the same bits.</summary>
public enum InstructionSet
{
    /// <summary>128-bit vectors, any processor.</summary>
    Portable,

    /// <summary>256-bit vectors with FMA.</summary>
    Avx2,

    /// <summary>512-bit vectors.</summary>
    Avx512,

    /// <summary>
    /// 512-bit vectors, and machine code generated at start-up for products of bfloat16 (vdpbf16ps) and, if the processor has vpdpbusd, of bytes.
    /// </summary>
    Avx512Bf16,
}

/// <summary>Detects which instruction sets the processor and the runtime support.</summary>
public static class InstructionSets
{
    /// <summary>Environment variable that forces a set: portable, avx2, avx512 or avx512bf16.</summary>
    public const string EnvironmentVariable = "HUNYUAN_ISA";

    /// <summary>The strongest set that this machine can run.</summary>
    public static InstructionSet Best { get; } = Detect();

    /// <summary>Whether <see cref="InstructionSet.Avx512Bf16"/> includes vpdpbusd (AVX-512 VNNI) here. All known processors with vdpbf16ps have it.</summary>
    internal static bool HasVnni { get; } = Best == InstructionSet.Avx512Bf16 && (X86Base.CpuId(7, 0).Ecx & (1 << 11)) != 0;

    /// <summary>Whether <see cref="InstructionSet.Avx512Bf16"/> includes the byte permutations of AVX-512 VBMI here.</summary>
    internal static bool HasVbmi { get; } = Best == InstructionSet.Avx512Bf16 && Avx512Vbmi.IsSupported;

    /// <summary>The sets that this machine can run, weakest first.</summary>
    public static IReadOnlyList<InstructionSet> Available { get; } =
        [.. Enum.GetValues<InstructionSet>().Where(s => s <= Best)];

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

    private static InstructionSet Detect()
    {
        if (!Avx2.IsSupported || !Fma.IsSupported)
        {
            return InstructionSet.Portable;
        }

        // AVX-512 may be switched off in the runtime although CPUID reports it, so the runtime is asked first.
        if (!Avx512F.IsSupported || !Avx512BW.IsSupported)
        {
            return InstructionSet.Avx2;
        }

        bool bf16 = (X86Base.CpuId(7, 1).Eax & (1 << 5)) != 0;
        return bf16 && Environment.Is64BitProcess && OperatingSystem.IsLinux() ? InstructionSet.Avx512Bf16 : InstructionSet.Avx512;
    }
}
