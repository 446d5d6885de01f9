using HunyuanOrleans.Cuda.Attention;
using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>
/// Kernels that merge the partial results of segments, or of groups of segments, in the order of <see cref="AttentionKernels"/>. A block merges eight
/// columns of a unit's rows: each warp a group of segments, then the first warp the groups.
/// </summary>
internal static class AttentionMergeKernels
{
    /// <summary>Threads of a block.</summary>
    public const int Threads = 32 * Warps;

    /// <summary>Bytes of shared memory of a block.</summary>
    public const int SharedBytes = Warps * WarpBytes;

    private const int Warps = 8;
    private const int WarpBytes = 1024;

    /// <inheritdoc cref="Merge"/>
    [Kernel(Threads)]
    public static void MergeF32(ulong step, ulong partials, ulong output, int outputStride, int keyHeads, int groupHeads, int headSize, int size) =>
        Merge(step, partials, output, outputStride, keyHeads, groupHeads, headSize, size, KvFormat.F32);

    /// <inheritdoc cref="Merge"/>
    [Kernel(Threads)]
    public static void MergeBf16(ulong step, ulong partials, ulong output, int outputStride, int keyHeads, int groupHeads, int headSize, int size) =>
        Merge(step, partials, output, outputStride, keyHeads, groupHeads, headSize, size, KvFormat.Bf16);

    /// <summary>The grid has the merges in x, the key/value heads in y, and eights of columns in z.</summary>
    /// <param name="step">The step's descriptors.</param>
    /// <param name="partials">The partial results.</param>
    /// <param name="output">Receives [rows, query heads, head size].</param>
    /// <param name="outputStride">Bytes from row to row.</param>
    /// <param name="keyHeads">Key/value heads.</param>
    /// <param name="groupHeads">Query heads for each of them.</param>
    /// <param name="headSize">Elements of a head.</param>
    /// <param name="size">Elements of a head with padding.</param>
    /// <param name="format">F32 or Bf16, a constant.</param>
    private static void Merge(
        ulong step, ulong partials, ulong output, int outputStride, int keyHeads, int groupHeads, int headSize, int size, int format)
    {
        if (Ptx.BlockX() >= AttentionStepHeader.LoadMerges(step))
        {
            return;
        }

        AttentionUnit unit = AttentionStepHeader.LoadMerge(step, Ptx.BlockX());
        int warp = Ptx.Thread() / 32;
        int lane = Ptx.Thread() % 32;
        int keyHead = Ptx.BlockY();
        ulong toTile = (ulong)(Ptx.BlockZ() + 1) * 512;
        uint shared = Ptx.Shared() + ((uint)lane * 16);
        Float4 totalState = SoftmaxMerge.Empty();
        Float4 total = default;
        int ofGroup = unit.Segments == 1 ? AttentionKernels.GroupSegments : 1;
        int groups = (unit.Segment + ofGroup - 1) / ofGroup;
        for (int round = 0; round < groups; round += Warps)
        {
            int from = (round + warp) * ofGroup;
            int to = from + ofGroup;
            to = to < unit.Segment ? to : unit.Segment;
            Float4 state = SoftmaxMerge.Empty();
            Float4 sums = default;
            for (int i = from; i < to; i++)
            {
                ulong slot = ((ulong)(unit.Partial + i) * (ulong)keyHeads) + (ulong)keyHead;
                ulong partial = partials + (slot * (ulong)AttentionKernels.PartialBytes(size)) + ((ulong)lane * 16);
                SoftmaxMerge merge = SoftmaxMerge.Of(state, Ptx.LoadFloat4(partial));
                state = merge.State;
                sums = SoftmaxMerge.Apply(merge, sums, Ptx.LoadFloat4(partial + toTile));
            }

            uint mine = shared + ((uint)warp * WarpBytes);
            Ptx.StoreSharedFloat4(mine, state);
            Ptx.StoreSharedFloat4(mine + 512, sums);
            Ptx.Barrier();
            if (warp == 0)
            {
                int count = groups - round < Warps ? groups - round : Warps;
                for (uint i = 0; i < count * WarpBytes; i += WarpBytes)
                {
                    SoftmaxMerge merge = SoftmaxMerge.Of(totalState, Ptx.LoadSharedFloat4(shared + i));
                    totalState = merge.State;
                    total = SoftmaxMerge.Apply(merge, total, Ptx.LoadSharedFloat4(shared + i + 512));
                }
            }

            Ptx.Barrier();
        }

        if (warp == 0)
        {
            AttentionOutput target = AttentionOutput.Of(unit, totalState, output, outputStride, lane, keyHead, groupHeads, headSize, format);
            AttentionOutput.Write(target, total, Ptx.BlockZ(), format);
        }
    }
}
