using System.Runtime.Intrinsics.X86;

namespace HunyuanOrleans.Kernels.Isa;

/// <summary>Which instructions the kernels use, weakest first. The first three give the same bits as each other.</summary>
public enum InstructionSet
{
    /// <summary>128-bit vectors, any processor.</summary>
    Portable,

    /// <summary>256-bit vectors with FMA.</summary>
    Avx2,

    /// <summary>512-bit vectors.</summary>
    Avx512,

    /// <summary>512-bit vectors and machine code generated at start-up for products of bfloat16 (vdpbf16ps) and, where there is vpdpbusd, of bytes.</summary>
    Avx512Bf16,
}

/// <summary>Finds what the processor and the runtime allow.</summary>
public static class InstructionSets
{
    /// <summary>Environment variable that forces a set: portable, avx2, avx512 or avx512bf16.</summary>
    public const string Variable = "HUNYUAN_ISA";

    /// <summary>The best set of this machine.</summary>
    public static InstructionSet Best { get; } = Detect();

    /// <summary>Whether <see cref="InstructionSet.Avx512Bf16"/> has vpdpbusd here; no processor is known that lacks it.</summary>
    internal static bool HasByteProducts { get; } = Best == InstructionSet.Avx512Bf16 && (X86Base.CpuId(7, 0).Ecx & (1 << 11)) != 0;

    /// <summary>Whether <see cref="InstructionSet.Avx512Bf16"/> has the byte look-ups of AVX-512 VBMI here.</summary>
    internal static bool HasByteLookups { get; } = Best == InstructionSet.Avx512Bf16 && Avx512Vbmi.IsSupported;

    /// <summary>Every set this machine can run, weakest first.</summary>
    public static IReadOnlyList<InstructionSet> Available { get; } =
        [.. Enum.GetValues<InstructionSet>().Where(s => s <= Best)];

    /// <summary>The set to use: <see cref="Variable"/> where it is set, else <see cref="Best"/>.</summary>
    /// <exception cref="NotSupportedException">The variable names an unknown set or one this machine lacks.</exception>
    public static InstructionSet Choose() => Parse(Environment.GetEnvironmentVariable(Variable), Available);

    internal static InstructionSet Parse(string? forced, IReadOnlyList<InstructionSet> available)
    {
        if (string.IsNullOrWhiteSpace(forced))
        {
            return available[^1];
        }

        // By name alone: Enum.TryParse would take numbers and lists too.
        foreach (InstructionSet set in available)
        {
            if (set.ToString().Equals(forced.Trim(), StringComparison.OrdinalIgnoreCase))
            {
                return set;
            }
        }

        throw new NotSupportedException($"{Variable} is '{forced}'; this machine can run: {string.Join(", ", available).ToLowerInvariant()}.");
    }

    private static InstructionSet Detect()
    {
        if (!Avx2.IsSupported || !Fma.IsSupported)
        {
            return InstructionSet.Portable;
        }

        // The runtime may have AVX-512 switched off although CPUID shows it, so its own answer comes first.
        if (!Avx512F.IsSupported || !Avx512BW.IsSupported)
        {
            return InstructionSet.Avx2;
        }

        bool bf16 = (X86Base.CpuId(7, 1).Eax & (1 << 5)) != 0;
        return bf16 && Environment.Is64BitProcess && OperatingSystem.IsLinux() ? InstructionSet.Avx512Bf16 : InstructionSet.Avx512;
    }
}
