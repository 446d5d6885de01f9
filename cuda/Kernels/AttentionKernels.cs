using HunyuanOrleans.Cuda.Attention;
using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>
/// Causal attention over paged keys and values on tensor cores, for each format and head size. A warp computes one unit. Positions are read in blocks
/// of 32 within segments of <see cref="SegmentPositions"/>, with an online softmax for each segment. Segments are merged in order within groups, and
/// groups in order, whether one warp computes all segments or each is computed by another: so the way in which work is divided changes no bit.
/// </summary>
internal static class AttentionKernels
{
    /// <summary>The most query rows of a unit.</summary>
    public const int TileRows = 16;

    /// <summary>Positions of a segment.</summary>
    public const int SegmentPositions = 8 * KvLayout.Positions;

    /// <summary>Segments that are merged before the result is merged with those of other groups.</summary>
    public const int GroupSegments = 16;

    /// <summary>The most threads of a block.</summary>
    public const int Threads = 128;

    /// <summary>Bytes of shared memory of a warp.</summary>
    public static int SharedBytes(int size) => 2 * size * TileRows * sizeof(float);

    /// <summary>Bytes of a partial result: the softmax state of the rows, then the sums of each eight columns, 16 bytes for each lane.</summary>
    public static int PartialBytes(int size) => (size + 8) * 64;

    /// <inheritdoc cref="Attend"/>
    [Kernel(Threads)]
    public static void AttendBf16Head16(
        ulong step, ulong pool, ulong queries, ulong partials, ulong output, int outputStride, int keyHeads, int groupHeads, int headSize) =>
        Attend(step, pool, queries, partials, output, outputStride, keyHeads, groupHeads, headSize, 16, KvFormat.Bf16);

    /// <inheritdoc cref="Attend"/>
    [Kernel(Threads)]
    public static void AttendBf16Head64(
        ulong step, ulong pool, ulong queries, ulong partials, ulong output, int outputStride, int keyHeads, int groupHeads, int headSize) =>
        Attend(step, pool, queries, partials, output, outputStride, keyHeads, groupHeads, headSize, 64, KvFormat.Bf16);

    /// <inheritdoc cref="Attend"/>
    [Kernel(Threads)]
    public static void AttendBf16Head80(
        ulong step, ulong pool, ulong queries, ulong partials, ulong output, int outputStride, int keyHeads, int groupHeads, int headSize) =>
        Attend(step, pool, queries, partials, output, outputStride, keyHeads, groupHeads, headSize, 80, KvFormat.Bf16);

    /// <inheritdoc cref="Attend"/>
    [Kernel(Threads)]
    public static void AttendBf16Head128(
        ulong step, ulong pool, ulong queries, ulong partials, ulong output, int outputStride, int keyHeads, int groupHeads, int headSize) =>
        Attend(step, pool, queries, partials, output, outputStride, keyHeads, groupHeads, headSize, 128, KvFormat.Bf16);

    /// <inheritdoc cref="Attend"/>
    [Kernel(Threads)]
    public static void AttendI8Head16(
        ulong step, ulong pool, ulong queries, ulong partials, ulong output, int outputStride, int keyHeads, int groupHeads, int headSize) =>
        Attend(step, pool, queries, partials, output, outputStride, keyHeads, groupHeads, headSize, 16, KvFormat.I8);

    /// <inheritdoc cref="Attend"/>
    [Kernel(Threads)]
    public static void AttendI8Head64(
        ulong step, ulong pool, ulong queries, ulong partials, ulong output, int outputStride, int keyHeads, int groupHeads, int headSize) =>
        Attend(step, pool, queries, partials, output, outputStride, keyHeads, groupHeads, headSize, 64, KvFormat.I8);

    /// <inheritdoc cref="Attend"/>
    [Kernel(Threads)]
    public static void AttendI8Head80(
        ulong step, ulong pool, ulong queries, ulong partials, ulong output, int outputStride, int keyHeads, int groupHeads, int headSize) =>
        Attend(step, pool, queries, partials, output, outputStride, keyHeads, groupHeads, headSize, 80, KvFormat.I8);

    /// <inheritdoc cref="Attend"/>
    [Kernel(Threads)]
    public static void AttendI8Head128(
        ulong step, ulong pool, ulong queries, ulong partials, ulong output, int outputStride, int keyHeads, int groupHeads, int headSize) =>
        Attend(step, pool, queries, partials, output, outputStride, keyHeads, groupHeads, headSize, 128, KvFormat.I8);

    /// <inheritdoc cref="Attend"/>
    [Kernel(Threads)]
    public static void AttendE4M3Head16(
        ulong step, ulong pool, ulong queries, ulong partials, ulong output, int outputStride, int keyHeads, int groupHeads, int headSize) =>
        Attend(step, pool, queries, partials, output, outputStride, keyHeads, groupHeads, headSize, 16, KvFormat.E4M3);

    /// <inheritdoc cref="Attend"/>
    [Kernel(Threads)]
    public static void AttendE4M3Head64(
        ulong step, ulong pool, ulong queries, ulong partials, ulong output, int outputStride, int keyHeads, int groupHeads, int headSize) =>
        Attend(step, pool, queries, partials, output, outputStride, keyHeads, groupHeads, headSize, 64, KvFormat.E4M3);

    /// <inheritdoc cref="Attend"/>
    [Kernel(Threads)]
    public static void AttendE4M3Head80(
        ulong step, ulong pool, ulong queries, ulong partials, ulong output, int outputStride, int keyHeads, int groupHeads, int headSize) =>
        Attend(step, pool, queries, partials, output, outputStride, keyHeads, groupHeads, headSize, 80, KvFormat.E4M3);

    /// <inheritdoc cref="Attend"/>
    [Kernel(Threads)]
    public static void AttendE4M3Head128(
        ulong step, ulong pool, ulong queries, ulong partials, ulong output, int outputStride, int keyHeads, int groupHeads, int headSize) =>
        Attend(step, pool, queries, partials, output, outputStride, keyHeads, groupHeads, headSize, 128, KvFormat.E4M3);

    /// <summary>The grid has the units in x, one for each warp of a block, and the key/value heads in y.</summary>
    /// <param name="step">The step's descriptors.</param>
    /// <param name="pool">The keys and values of the layer group.</param>
    /// <param name="queries">The queries, bfloat16 [rows, query heads, size].</param>
    /// <param name="partials">Receives the partial results of units that are one of several segments.</param>
    /// <param name="output">Receives the results of the other units, bfloat16 [rows, query heads, head size].</param>
    /// <param name="outputStride">Bytes from row to row.</param>
    /// <param name="keyHeads">Key/value heads.</param>
    /// <param name="groupHeads">Query heads for each of them.</param>
    /// <param name="headSize">Elements of a head.</param>
    /// <param name="size">Elements of a head with padding, a constant.</param>
    /// <param name="format">A <see cref="KvFormat"/>, a constant.</param>
    private static void Attend(
        ulong step, ulong pool, ulong queries, ulong partials, ulong output, int outputStride, int keyHeads, int groupHeads, int headSize, int size,
        int format)
    {
        int warp = Ptx.Thread() / 32;
        int lane = Ptx.Thread() % 32;
        int number = (Ptx.BlockX() * (Ptx.BlockThreads() / 32)) + warp;
        if (number >= AttentionStepHeader.LoadUnits(step))
        {
            return;
        }

        int keyHead = Ptx.BlockY();
        AttentionUnit unit = AttentionStepHeader.LoadUnit(step, number);
        ulong table = AttentionStepHeader.LoadTable(step, unit);
        AttentionRow row0 = AttentionRow.Of(unit, lane / 4, groupHeads);
        AttentionRow row1 = AttentionRow.Of(unit, (lane / 4) + 8, groupHeads);
        QueryTile tile = QueryTile.Load(
            queries + AttentionRow.QueryOffset(row0, keyHead, keyHeads, groupHeads, size * 2),
            queries + AttentionRow.QueryOffset(row1, keyHead, keyHeads, groupHeads, size * 2), lane, size);
        int last = unit.Start + ((unit.FirstRow + unit.Rows - 1) / groupHeads);
        int from = unit.Segment;
        int to = AttentionUnit.EndOfSegments(unit, groupHeads);
        uint total = Ptx.Shared() + ((uint)warp * (uint)SharedBytes(size)) + ((uint)lane * 16);
        uint group = total + (uint)(size * 64);
        Float4 totalState = SoftmaxMerge.Empty();
        Float4 groupState = SoftmaxMerge.Empty();
        int stop = last < to * SegmentPositions ? last + 1 : to * SegmentPositions;
        ulong head = HeadAddress(pool, table, from * SegmentPositions, keyHead, keyHeads, size, format);
        Clear(total, 2 * size);
        for (int segment = from; segment < to; segment++)
        {
            AttentionState state = AttentionState.Empty();
            int end = (segment + 1) * SegmentPositions;
            end = end < stop ? end : stop;
            for (int position = segment * SegmentPositions; position < end; position += KvLayout.Positions)
            {
                // The next block is on its way while this one is computed.
                int following = position + KvLayout.Positions < stop ? position + KvLayout.Positions : position;
                ulong next = HeadAddress(pool, table, following, keyHead, keyHeads, size, format);
                for (int line = lane * 128; line < KvLayout.HeadBytes(size, format); line += 32 * 128)
                {
                    Ptx.Prefetch(next + (ulong)line);
                }

                state = AttentionState.AddBlock(state, tile, head, lane, row0.Position - position, row1.Position - position, size, format);
                head = next;
            }

            SoftmaxMerge merge = SoftmaxMerge.Of(groupState, AttentionState.Rows(state));
            groupState = merge.State;
            AttentionSums.MergeInto(state.Sums, group, merge, size);
            if (segment % GroupSegments == GroupSegments - 1 || segment == to - 1)
            {
                merge = SoftmaxMerge.Of(totalState, groupState);
                totalState = merge.State;

                // The next group begins with a maximum of -∞, which multiplies the sums of this one by 0.
                groupState = SoftmaxMerge.Empty();
                MergeGroup(total, group, merge, size);
            }
        }

        if (unit.Partial >= 0)
        {
            ulong slot = ((ulong)unit.Partial * (ulong)keyHeads) + (ulong)keyHead;
            WritePartial(partials + (slot * (ulong)PartialBytes(size)) + ((ulong)lane * 16), total, totalState, size);
            return;
        }

        AttentionOutput target = AttentionOutput.Of(unit, totalState, output, outputStride, lane, keyHead, groupHeads, headSize, KvFormat.Bf16);
        for (int i = 0; i < headSize / 8; i++)
        {
            AttentionOutput.Write(target, Ptx.LoadSharedFloat4(total + ((uint)i * 512)), i, KvFormat.Bf16);
        }
    }

    private static ulong HeadAddress(ulong pool, ulong table, int position, int keyHead, int keyHeads, int size, int format)
    {
        ulong block = (ulong)Ptx.LoadInt(table + ((ulong)(position / KvLayout.Positions) * 4));
        return pool + (((block * (ulong)keyHeads) + (ulong)keyHead) * (ulong)KvLayout.HeadBytes(size, format));
    }

    private static void Clear(uint sums, int size)
    {
        for (uint i = 0; i < size * 64; i += 512)
        {
            Ptx.StoreSharedFloat4(sums + i, default);
        }
    }

    private static void MergeGroup(uint total, uint group, SoftmaxMerge merge, int size)
    {
        for (uint i = 0; i < size * 64; i += 512)
        {
            Ptx.StoreSharedFloat4(total + i, SoftmaxMerge.Apply(merge, Ptx.LoadSharedFloat4(total + i), Ptx.LoadSharedFloat4(group + i)));
        }
    }

    private static void WritePartial(ulong target, uint sums, Float4 state, int size)
    {
        Ptx.StoreFloat4(target, state);
        for (int i = 0; i < size / 8; i++)
        {
            Ptx.StoreFloat4(target + ((ulong)(i + 1) * 512), Ptx.LoadSharedFloat4(sums + ((uint)i * 512)));
        }
    }
}
