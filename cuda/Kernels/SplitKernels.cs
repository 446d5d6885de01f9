using HunyuanOrleans.Cuda.Attention;
using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>
/// Kernels that convert projected rows [query | key | value] to queries for attention and to cached keys and values: bias, rotary embedding, per-head
/// norm. A warp treats one query head, or one key head and its value head, of one row.
/// </summary>
internal static class SplitKernels
{
    /// <summary>Threads of a block.</summary>
    public const int Threads = 32 * Warps;

    /// <summary>Heads of a block.</summary>
    public const int Warps = 8;

    /// <inheritdoc cref="Split"/>
    [Kernel(Threads)]
    public static void SplitF32(
        ulong step, ulong projected, int stride, ulong bias, ulong queryScale, int hasNorm, float eps, ulong queries, ulong pool,
        int keyHeads, int groupHeads, int headSize, int size, int writes) =>
        Split(step, projected, stride, bias, queryScale, hasNorm, eps, queries, pool, keyHeads, groupHeads, headSize, size, writes, KvFormat.F32);

    /// <inheritdoc cref="Split"/>
    [Kernel(Threads)]
    public static void SplitBf16(
        ulong step, ulong projected, int stride, ulong bias, ulong queryScale, int hasNorm, float eps, ulong queries, ulong pool,
        int keyHeads, int groupHeads, int headSize, int size, int writes) =>
        Split(step, projected, stride, bias, queryScale, hasNorm, eps, queries, pool, keyHeads, groupHeads, headSize, size, writes, KvFormat.Bf16);

    /// <inheritdoc cref="Split"/>
    [Kernel(Threads)]
    public static void SplitI8(
        ulong step, ulong projected, int stride, ulong bias, ulong queryScale, int hasNorm, float eps, ulong queries, ulong pool,
        int keyHeads, int groupHeads, int headSize, int size, int writes) =>
        Split(step, projected, stride, bias, queryScale, hasNorm, eps, queries, pool, keyHeads, groupHeads, headSize, size, writes, KvFormat.I8);

    /// <inheritdoc cref="Split"/>
    [Kernel(Threads)]
    public static void SplitE4M3(
        ulong step, ulong projected, int stride, ulong bias, ulong queryScale, int hasNorm, float eps, ulong queries, ulong pool,
        int keyHeads, int groupHeads, int headSize, int size, int writes) =>
        Split(step, projected, stride, bias, queryScale, hasNorm, eps, queries, pool, keyHeads, groupHeads, headSize, size, writes, KvFormat.E4M3);

    /// <summary>The grid has the rows in x and the heads, in groups of <see cref="Warps"/>, in y.</summary>
    /// <param name="step">The step's descriptors.</param>
    /// <param name="projected">float32 rows [query heads, key heads, value heads], the latter two only if <paramref name="writes"/>.</param>
    /// <param name="stride">Bytes from row to row.</param>
    /// <param name="bias">float32 bias of a row, or 0.</param>
    /// <param name="queryScale">float32 [head size]: multiplies the queries.</param>
    /// <param name="hasNorm">Whether queries and keys are normalised.</param>
    /// <param name="eps">Added to the mean of the squares.</param>
    /// <param name="queries">Receives [rows, query heads, size].</param>
    /// <param name="pool">The keys and values of the layer group.</param>
    /// <param name="keyHeads">Key/value heads.</param>
    /// <param name="groupHeads">Query heads for each of them.</param>
    /// <param name="headSize">Elements of a head, at most 128.</param>
    /// <param name="size">Elements of a head with padding.</param>
    /// <param name="writes">Whether rows have keys and values.</param>
    /// <param name="format">A <see cref="KvFormat"/>, a constant.</param>
    private static void Split(
        ulong step, ulong projected, int stride, ulong bias, ulong queryScale, int hasNorm, float eps, ulong queries, ulong pool,
        int keyHeads, int groupHeads, int headSize, int size, int writes, int format)
    {
        int row = Ptx.BlockX();
        int heads = keyHeads * groupHeads;
        int vector = (Ptx.BlockY() * Warps) + (Ptx.Thread() / 32);
        if (row >= AttentionStepHeader.LoadRows(step) || vector >= heads + (writes != 0 ? keyHeads : 0))
        {
            return;
        }

        int lane = Ptx.Thread() % 32;
        int half = headSize / 2;
        ulong headBytes = (ulong)headSize * 4;
        ulong offset = (ulong)vector * headBytes;
        ulong x = projected + ((ulong)row * (ulong)stride) + offset;
        Float4 head = HeadVector.Load(x, bias == 0 ? 0 : bias + offset, lane, half);
        head = HeadVector.Rotate(head, AttentionStepHeader.LoadRotary(step, row, headSize), lane, half);
        if (hasNorm != 0)
        {
            head = HeadVector.Scale(head, HeadVector.NormScale(head, half, eps));
        }

        if (vector < heads)
        {
            head = HeadVector.Multiply(head, HeadVector.Load(queryScale, 0, lane, half));
            ulong bytes = format == KvFormat.F32 ? 4ul : 2ul;
            HeadWriter.WriteQuery(head, queries + ((ulong)((row * heads) + vector) * (ulong)size * bytes), lane, headSize, size, format);
            return;
        }

        ulong toValues = (ulong)keyHeads * headBytes;
        Float4 values = HeadVector.Load(x + toValues, bias == 0 ? 0 : bias + offset + toValues, lane, half);
        AttentionStepRow place = AttentionStepHeader.LoadRow(step, row);
        int position = place.Position;
        ulong keys = pool + ((((ulong)place.Block * (ulong)keyHeads) + (ulong)(vector - heads)) * (ulong)KvLayout.HeadBytes(size, format));
        HeadWriter.WriteKey(head, keys, position, lane, half, size, format);
        HeadWriter.WriteValue(values, keys, position, lane, half, size, format);
        if (place.Clears != 0)
        {
            // A block that belonged to another sequence may contain NaN, and a probability of 0 times NaN would be NaN.
            for (int later = position + 1; later < KvLayout.Positions; later++)
            {
                HeadWriter.WriteValue(default, keys, later, lane, half, size, format);
            }
        }
    }
}
