using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Engine.Sampling;

/// <summary>
/// Selects the k largest logits without sorting the row: candidates above a rising threshold are collected in a small buffer that is pruned
/// to the best k whenever it is full. It owns the buffer, which grows with the largest k used.
/// </summary>
internal sealed class TopKSelector
{
    /// <summary>Capacity beyond 2 k: enough that the buffer is pruned about once for a row in random order.</summary>
    private const int Slack = 256;

    private ulong[] _keys = [];
    private int _count;

    /// <summary>
    /// Selects the <paramref name="k"/> largest logits, largest first, as <see cref="SortKey"/>s. There are fewer if the others are minus
    /// infinity.
    /// </summary>
    /// <returns>The keys, valid until the next call.</returns>
    public ReadOnlySpan<ulong> Select(ReadOnlySpan<float> logits, int k)
    {
        int capacity = (int)Math.Min((2L * k) + Slack, (long)logits.Length + Vector512<float>.Count);
        if (_keys.Length < capacity)
        {
            _keys = new ulong[capacity];
        }

        _count = 0;
        float threshold = float.NegativeInfinity;
        ReadOnlySpan<Vector512<float>> vectors = MemoryMarshal.Cast<float, Vector512<float>>(logits);
        for (int v = 0; v < vectors.Length; v++)
        {
            ulong above = Vector512.GreaterThan(vectors[v], Vector512.Create(threshold)).ExtractMostSignificantBits();
            if (above == 0)
            {
                continue;
            }

            if (_count + Vector512<float>.Count > capacity)
            {
                threshold = Prune(k);
            }

            for (; above != 0; above &= above - 1)
            {
                int id = (v * Vector512<float>.Count) + BitOperations.TrailingZeroCount(above);
                _keys[_count++] = SortKey.Of(logits[id], id);
            }
        }

        if (_count + Vector512<float>.Count > capacity)
        {
            threshold = Prune(k);
        }

        for (int id = vectors.Length * Vector512<float>.Count; id < logits.Length; id++)
        {
            if (logits[id] > threshold)
            {
                _keys[_count++] = SortKey.Of(logits[id], id);
            }
        }

        Prune(k);
        return _keys.AsSpan(0, _count);
    }

    /// <summary>
    /// Sorts the candidates, keeps the best k and returns the threshold that later tokens must exceed. A later token with an equal logit
    /// loses, because its id is higher.
    /// </summary>
    private float Prune(int k)
    {
        Span<ulong> keys = _keys.AsSpan(0, _count);
        keys.Sort();
        keys.Reverse();
        if (_count < k)
        {
            return float.NegativeInfinity;
        }

        _count = k;
        return SortKey.Value(_keys[k - 1]);
    }
}
