namespace HunyuanOrleans.Kernels.Devices;

/// <summary>The largest logits of a row.</summary>
/// <param name="keys">Their <see cref="SortKey"/>s in descending order; 0 for those that do not exist.</param>
/// <param name="max">The largest logit; NaN if the row contains one.</param>
public readonly struct LargestLogits(ReadOnlyMemory<ulong> keys, float max)
{
    /// <summary>The <see cref="SortKey"/>s in descending order. There are fewer than asked for if the others are minus infinity or NaN.</summary>
    public ReadOnlySpan<ulong> Keys
    {
        get
        {
            ReadOnlySpan<ulong> all = keys.Span;
            int absent = all.IndexOf(0UL);
            return absent < 0 ? all : all[..absent];
        }
    }

    /// <summary>Whether every logit above minus infinity is among the keys.</summary>
    public bool IsWholeRow => keys.Span is [.., 0];

    /// <summary>The largest logit; NaN if the row contains one.</summary>
    public float Max => max;
}
