using HunyuanOrleans.Cuda.Kernels;
using HunyuanOrleans.Kernels;

namespace HunyuanOrleans.Cuda.Attention;

/// <summary>The kernels of attention for a type of keys and values and a padded head size.</summary>
/// <param name="Split">Converts projected rows.</param>
/// <param name="Attend">Attends to contexts or parts of them.</param>
/// <param name="AttendSharedBytes">Shared memory of a block of <paramref name="Attend"/>.</param>
/// <param name="Merge">Merges parts.</param>
internal sealed record AttentionKernelSet(Delegate Split, Delegate Attend, int AttendSharedBytes, Delegate Merge)
{
    private static readonly AttentionKernelSet Float32 = new(SplitKernels.SplitF32, AttentionF32Kernels.AttendF32, 0, AttentionMergeKernels.MergeF32);

    private static readonly Dictionary<(ElementType Type, int Size), AttentionKernelSet> TensorCoreKernels = new()
    {
        [(ElementType.BF16, 16)] = TensorCores(SplitKernels.SplitBf16, AttentionKernels.AttendBf16Head16, 16),
        [(ElementType.BF16, 64)] = TensorCores(SplitKernels.SplitBf16, AttentionKernels.AttendBf16Head64, 64),
        [(ElementType.BF16, 80)] = TensorCores(SplitKernels.SplitBf16, AttentionKernels.AttendBf16Head80, 80),
        [(ElementType.BF16, 128)] = TensorCores(SplitKernels.SplitBf16, AttentionKernels.AttendBf16Head128, 128),
        [(ElementType.I8, 16)] = TensorCores(SplitKernels.SplitI8, AttentionKernels.AttendI8Head16, 16),
        [(ElementType.I8, 64)] = TensorCores(SplitKernels.SplitI8, AttentionKernels.AttendI8Head64, 64),
        [(ElementType.I8, 80)] = TensorCores(SplitKernels.SplitI8, AttentionKernels.AttendI8Head80, 80),
        [(ElementType.I8, 128)] = TensorCores(SplitKernels.SplitI8, AttentionKernels.AttendI8Head128, 128),
        [(ElementType.F8E4M3, 16)] = TensorCores(SplitKernels.SplitE4M3, AttentionKernels.AttendE4M3Head16, 16),
        [(ElementType.F8E4M3, 64)] = TensorCores(SplitKernels.SplitE4M3, AttentionKernels.AttendE4M3Head64, 64),
        [(ElementType.F8E4M3, 80)] = TensorCores(SplitKernels.SplitE4M3, AttentionKernels.AttendE4M3Head80, 80),
        [(ElementType.F8E4M3, 128)] = TensorCores(SplitKernels.SplitE4M3, AttentionKernels.AttendE4M3Head128, 128),
    };

    /// <summary>All of them.</summary>
    public static IEnumerable<AttentionKernelSet> All => [Float32, .. TensorCoreKernels.Values];

    /// <summary>Gets the kernels. Those of F32 serve every size.</summary>
    /// <param name="type">Type of keys and values.</param>
    /// <param name="size">Elements of a head with padding, <see cref="AttentionShape.Size"/>.</param>
    public static AttentionKernelSet For(ElementType type, int size) => type == ElementType.F32 ? Float32 : TensorCoreKernels[(type, size)];

    private static AttentionKernelSet TensorCores(Delegate split, Delegate attend, int size) =>
        new(split, attend, AttentionKernels.SharedBytes(size) * AttentionKernels.Threads / 32, AttentionMergeKernels.MergeBf16);
}
