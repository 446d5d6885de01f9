using HunyuanOrleans.Cuda.Attention;
using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>
/// Attention in float32, with the units, segments and partial results of <see cref="AttentionKernels"/>. A warp computes the rows of its unit one after
/// the other: each lane the score of one position of a block, then four columns of the sums.
/// </summary>
internal static class AttentionF32Kernels
{
    /// <summary>Threads of a block.</summary>
    public const int Threads = 32;

    /// <summary>The grid has the units in x and the key/value heads in y.</summary>
    /// <param name="step">The step's descriptors.</param>
    /// <param name="pool">The keys and values of the layer group.</param>
    /// <param name="queries">The queries, float32 [rows, query heads, size].</param>
    /// <param name="partials">Receives the partial results of units that are one of several segments.</param>
    /// <param name="output">Receives the results of the other units, float32 [rows, query heads, head size].</param>
    /// <param name="outputStride">Bytes from row to row.</param>
    /// <param name="keyHeads">Key/value heads.</param>
    /// <param name="groupHeads">Query heads for each of them.</param>
    /// <param name="headSize">Elements of a head.</param>
    /// <param name="size">Elements of a head with padding, a multiple of 16 up to 128.</param>
    [Kernel(Threads)]
    public static void AttendF32(
        ulong step, ulong pool, ulong queries, ulong partials, ulong output, int outputStride, int keyHeads, int groupHeads, int headSize, int size)
    {
        int lane = Ptx.Thread();
        int keyHead = Ptx.BlockY();
        if (Ptx.BlockX() >= AttentionStepHeader.LoadUnits(step))
        {
            return;
        }

        AttentionUnit unit = AttentionStepHeader.LoadUnit(step, Ptx.BlockX());
        ulong table = AttentionStepHeader.LoadTable(step, unit);
        ulong slot = ((ulong)unit.Partial * (ulong)keyHeads) + (ulong)keyHead;
        ulong partial = partials + (slot * (ulong)AttentionKernels.PartialBytes(size));
        int to = AttentionUnit.EndOfSegments(unit, groupHeads);
        for (int number = 0; number < unit.Rows; number++)
        {
            AttentionRow row = AttentionRow.Of(unit, number, groupHeads);
            ulong query = queries + AttentionRow.QueryOffset(row, keyHead, keyHeads, groupHeads, size * 4);
            Float4 total = default;
            Float4 group = default;
            Float4 totalState = SoftmaxMerge.Empty();
            Float4 groupState = SoftmaxMerge.Empty();
            for (int segment = unit.Segment; segment < to; segment++)
            {
                Float4 sums = default;
                Float4 state = SoftmaxMerge.Empty();
                int next = (segment + 1) * AttentionKernels.SegmentPositions;
                int end = row.Position < next ? row.Position + 1 : next;
                for (int position = segment * AttentionKernels.SegmentPositions; position < end; position += KvLayout.Positions)
                {
                    ulong block = (ulong)Ptx.LoadInt(table + ((ulong)(position / KvLayout.Positions) * 4));
                    ulong head = pool + (((block * (ulong)keyHeads) + (ulong)keyHead) * (ulong)KvLayout.HeadBytes(size, KvFormat.F32));
                    float score = Score(query, head + ((ulong)(lane * size) * 4), size);
                    score = position + lane <= row.Position ? score : float.NegativeInfinity;
                    float max = Ptx.Max(state.A, LargestOfWarp(score));
                    float weight = KernelMath.Exp2(Ptx.Subtract(score, max));
                    float factor = KernelMath.Exp2(Ptx.Subtract(state.A, max));
                    state.B = Ptx.MultiplyAdd(state.B, factor, BlockSum.OfWarp(weight));
                    state.A = max;
                    sums = HeadVector.Scale(sums, factor);
                    sums = AddValues(sums, weight, head + (ulong)KvLayout.ElementBytes(size, KvFormat.F32), lane, size);
                }

                SoftmaxMerge merge = SoftmaxMerge.Of(groupState, state);
                groupState = merge.State;
                group = SoftmaxMerge.ApplyToRow0(merge, group, sums);
                if (segment % AttentionKernels.GroupSegments == AttentionKernels.GroupSegments - 1 || segment == to - 1)
                {
                    merge = SoftmaxMerge.Of(totalState, groupState);
                    totalState = merge.State;
                    total = SoftmaxMerge.ApplyToRow0(merge, total, group);
                    groupState = SoftmaxMerge.Empty();
                    group = default;
                }
            }

            if (unit.Partial >= 0)
            {
                WritePartial(partial, total, totalState, number, lane, size);
            }
            else
            {
                ulong target = output + ((ulong)row.Token * (ulong)outputStride) + ((ulong)(((keyHead * groupHeads) + row.Head) * headSize) * 4);
                WriteOutput(target, HeadVector.Scale(total, Ptx.Divide(1f, totalState.B)), lane, headSize);
            }
        }
    }

    private static float Score(ulong query, ulong key, int size)
    {
        float sum = 0f;
        for (int i = 0; i < size; i += 4)
        {
            Float4 q = Ptx.LoadFloat4(query + ((ulong)i * 4));
            Float4 k = Ptx.LoadFloat4(key + ((ulong)i * 4));
            sum = Ptx.MultiplyAdd(q.A, k.A, sum);
            sum = Ptx.MultiplyAdd(q.B, k.B, sum);
            sum = Ptx.MultiplyAdd(q.C, k.C, sum);
            sum = Ptx.MultiplyAdd(q.D, k.D, sum);
        }

        return sum;
    }

    private static Float4 AddValues(Float4 sums, float weight, ulong values, int lane, int size)
    {
        for (int i = 0; i < KvLayout.Positions; i++)
        {
            float w = Ptx.ShuffleFrom(weight, i);
            ulong value = values + ((ulong)((i * size) + lane) * 4);
            sums.A = Ptx.MultiplyAdd(w, LoadIf(value, lane < size), sums.A);
            sums.B = Ptx.MultiplyAdd(w, LoadIf(value + 128, lane + 32 < size), sums.B);
            sums.C = Ptx.MultiplyAdd(w, LoadIf(value + 256, lane + 64 < size), sums.C);
            sums.D = Ptx.MultiplyAdd(w, LoadIf(value + 384, lane + 96 < size), sums.D);
        }

        return sums;
    }

    // The layout of the tensor core kernels, so that one kernel merges the partial results of all.
    private static void WritePartial(ulong partial, Float4 sums, Float4 state, int row, int lane, int size)
    {
        ulong ofRow = partial + (ulong)((row % 8 * 64) + (row / 8 * 8));
        if (lane < 4)
        {
            Ptx.StoreFloat(ofRow + ((ulong)lane * 16), state.A);
            Ptx.StoreFloat(ofRow + ((ulong)lane * 16) + 4, state.B);
        }

        ulong first = ofRow + 512 + ((ulong)(lane / 8) * 512) + (ulong)((lane % 8 / 2 * 16) + (lane % 2 * 4));
        StoreIf(first, sums.A, lane < size);
        StoreIf(first + 2048, sums.B, lane + 32 < size);
        StoreIf(first + 4096, sums.C, lane + 64 < size);
        StoreIf(first + 6144, sums.D, lane + 96 < size);
    }

    private static void WriteOutput(ulong target, Float4 result, int lane, int headSize)
    {
        ulong first = target + ((ulong)lane * 4);
        StoreIf(first, result.A, lane < headSize);
        StoreIf(first + 128, result.B, lane + 32 < headSize);
        StoreIf(first + 256, result.C, lane + 64 < headSize);
        StoreIf(first + 384, result.D, lane + 96 < headSize);
    }

    private static float LoadIf(ulong address, bool exists)
    {
        float value = 0f;
        if (exists)
        {
            value = Ptx.LoadFloat(address);
        }

        return value;
    }

    private static void StoreIf(ulong address, float value, bool exists)
    {
        if (exists)
        {
            Ptx.StoreFloat(address, value);
        }
    }

    private static float LargestOfWarp(float value)
    {
        value = Ptx.Max(value, Ptx.ShuffleXor(value, 16));
        value = Ptx.Max(value, Ptx.ShuffleXor(value, 8));
        value = Ptx.Max(value, Ptx.ShuffleXor(value, 4));
        value = Ptx.Max(value, Ptx.ShuffleXor(value, 2));
        return Ptx.Max(value, Ptx.ShuffleXor(value, 1));
    }
}
