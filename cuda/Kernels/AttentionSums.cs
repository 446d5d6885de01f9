using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>
/// Weighted sums of values for 16 query rows, as a lane of a warp holds them: Ti has columns 8 i to 8 i + 7 of the head, in the layout of the sums of
/// <see cref="Ptx.Multiply(Uint4, uint, uint, Float4)"/>. The head size is a constant in each kernel, so that tiles beyond it use no registers.
/// </summary>
internal struct AttentionSums
{
    public Float4 T0;
    public Float4 T1;
    public Float4 T2;
    public Float4 T3;
    public Float4 T4;
    public Float4 T5;
    public Float4 T6;
    public Float4 T7;
    public Float4 T8;
    public Float4 T9;
    public Float4 T10;
    public Float4 T11;
    public Float4 T12;
    public Float4 T13;
    public Float4 T14;
    public Float4 T15;

    /// <summary>Multiplies the sums by a factor for each row, then adds the values of 32 positions with their weights.</summary>
    /// <param name="sums">The sums.</param>
    /// <param name="weights">The weights and factors.</param>
    /// <param name="values">Address of the values.</param>
    /// <param name="lane">Lane.</param>
    /// <param name="size">Head size, a constant.</param>
    /// <param name="format">A <see cref="KvFormat"/>, a constant.</param>
    public static AttentionSums AddValues(AttentionSums sums, BlockWeights weights, ulong values, int lane, int size, int format)
    {
        sums.T0 = AddTile(sums.T0, weights, values, 0, lane, size, format);
        sums.T1 = AddTile(sums.T1, weights, values, 1, lane, size, format);
        sums.T2 = AddTile(sums.T2, weights, values, 2, lane, size, format);
        sums.T3 = AddTile(sums.T3, weights, values, 3, lane, size, format);
        sums.T4 = AddTile(sums.T4, weights, values, 4, lane, size, format);
        sums.T5 = AddTile(sums.T5, weights, values, 5, lane, size, format);
        sums.T6 = AddTile(sums.T6, weights, values, 6, lane, size, format);
        sums.T7 = AddTile(sums.T7, weights, values, 7, lane, size, format);
        sums.T8 = AddTile(sums.T8, weights, values, 8, lane, size, format);
        sums.T9 = AddTile(sums.T9, weights, values, 9, lane, size, format);
        sums.T10 = AddTile(sums.T10, weights, values, 10, lane, size, format);
        sums.T11 = AddTile(sums.T11, weights, values, 11, lane, size, format);
        sums.T12 = AddTile(sums.T12, weights, values, 12, lane, size, format);
        sums.T13 = AddTile(sums.T13, weights, values, 13, lane, size, format);
        sums.T14 = AddTile(sums.T14, weights, values, 14, lane, size, format);
        sums.T15 = AddTile(sums.T15, weights, values, 15, lane, size, format);
        return sums;
    }

    /// <summary>Merges the sums of a segment into sums in shared memory.</summary>
    /// <param name="sums">The sums of the segment.</param>
    /// <param name="total">Shared address of the lane's part of the sums so far: 512 bytes for each tile.</param>
    /// <param name="merge">The factors.</param>
    /// <param name="size">Head size, a constant.</param>
    public static void MergeInto(AttentionSums sums, uint total, SoftmaxMerge merge, int size)
    {
        MergeTile(sums.T0, total, 0, merge, size);
        MergeTile(sums.T1, total, 1, merge, size);
        MergeTile(sums.T2, total, 2, merge, size);
        MergeTile(sums.T3, total, 3, merge, size);
        MergeTile(sums.T4, total, 4, merge, size);
        MergeTile(sums.T5, total, 5, merge, size);
        MergeTile(sums.T6, total, 6, merge, size);
        MergeTile(sums.T7, total, 7, merge, size);
        MergeTile(sums.T8, total, 8, merge, size);
        MergeTile(sums.T9, total, 9, merge, size);
        MergeTile(sums.T10, total, 10, merge, size);
        MergeTile(sums.T11, total, 11, merge, size);
        MergeTile(sums.T12, total, 12, merge, size);
        MergeTile(sums.T13, total, 13, merge, size);
        MergeTile(sums.T14, total, 14, merge, size);
        MergeTile(sums.T15, total, 15, merge, size);
    }

    private static Float4 AddTile(Float4 sum, BlockWeights weights, ulong values, int tile, int lane, int size, int format)
    {
        if (tile * 8 >= size)
        {
            return sum;
        }

        Uint4 v = KvExpansion.Load8(values + ((ulong)tile * 256 * (ulong)KvFormat.Bytes(format)), lane, format);
        sum.A = Ptx.Multiply(sum.A, weights.Factor0);
        sum.B = Ptx.Multiply(sum.B, weights.Factor0);
        sum.C = Ptx.Multiply(sum.C, weights.Factor1);
        sum.D = Ptx.Multiply(sum.D, weights.Factor1);
        sum = Ptx.Multiply(weights.First, v.A, v.B, sum);
        return Ptx.Multiply(weights.Second, v.C, v.D, sum);
    }

    private static void MergeTile(Float4 sum, uint total, int tile, SoftmaxMerge merge, int size)
    {
        if (tile * 8 < size)
        {
            uint at = total + ((uint)tile * 512);
            Ptx.StoreSharedFloat4(at, SoftmaxMerge.Apply(merge, Ptx.LoadSharedFloat4(at), sum));
        }
    }
}
