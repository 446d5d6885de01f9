namespace HunyuanOrleans.Cuda.Rows;

/// <summary>What a sampler needs of a row of logits: the largest ones, the maximum, and the sum of the exponentials.</summary>
/// <param name="list">The list of the row as the kernels write it: keys, then the maximum and the sum in one element.</param>
/// <param name="count">Number of logits that were asked for.</param>
internal readonly struct RowSummary(ReadOnlyMemory<ulong> list, int count)
{
    /// <summary>
    /// Keys of the largest logits, in descending order: the upper half is the logit in an integer of the same order, the lower half the complement of
    /// its index. There are fewer than asked for if the others are minus infinity or NaN.
    /// </summary>
    public ReadOnlySpan<ulong> Keys
    {
        get
        {
            ReadOnlySpan<ulong> keys = list.Span[..count];
            int absent = keys.IndexOf(0UL);
            return absent < 0 ? keys : keys[..absent];
        }
    }

    /// <summary>The largest logit; NaN if the row contains one.</summary>
    public float Max => BitConverter.UInt32BitsToSingle((uint)list.Span[^1]);

    /// <summary>The sum of exp(logit - <see cref="Max"/>) over the row.</summary>
    public float Sum => BitConverter.UInt32BitsToSingle((uint)(list.Span[^1] >> 32));

    /// <summary>The index of a key's logit.</summary>
    public static int Id(ulong key) => (int)~(uint)key;

    /// <summary>The logit of a key.</summary>
    public static float Value(ulong key)
    {
        uint order = (uint)(key >> 32);
        return BitConverter.UInt32BitsToSingle(order ^ ((uint)((int)~order >> 31) | 0x80000000));
    }
}
