using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace HunyuanOrleans.Engine.Sampling;

/// <summary>
/// Finds the k largest of a row of logits without sorting the row: candidates above a rising threshold gather in a small buffer
/// that is cut back to k whenever it is full. Owns the buffer, which grows to the largest k seen.
/// </summary>
internal sealed class TopKSelector
{
    /// <summary>Room beyond 2 k before the buffer is cut back: enough that a row in random order is cut back about once.</summary>
    private const int Slack = 256;

    private ulong[] _keys = [];
    private int _count;

    /// <summary>
    /// The <paramref name="k"/> largest logits, largest first, as <see cref="SortKey"/>s; fewer where others are minus infinity.
    /// </summary>
    /// <returns>Valid until the next call.</returns>
    public ReadOnlySpan<ulong> Select(ReadOnlySpan<float> logits, int k)
    {
        int room = (int)Math.Min((2L * k) + Slack, (long)logits.Length + Vector512<float>.Count);
        if (_keys.Length < room)
        {
            _keys = new ulong[room];
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

            if (_count + Vector512<float>.Count > room)
            {
                threshold = CutBack(k);
            }

            for (; above != 0; above &= above - 1)
            {
                int id = (v * Vector512<float>.Count) + BitOperations.TrailingZeroCount(above);
                _keys[_count++] = SortKey.Of(logits[id], id);
            }
        }

        if (_count + Vector512<float>.Count > room)
        {
            threshold = CutBack(k);
        }

        for (int id = vectors.Length * Vector512<float>.Count; id < logits.Length; id++)
        {
            if (logits[id] > threshold)
            {
                _keys[_count++] = SortKey.Of(logits[id], id);
            }
        }

        CutBack(k);
        return _keys.AsSpan(0, _count);
    }

    /// <summary>
    /// Sorts what was gathered, keeps the best k and returns what a later token must exceed: equal ones lose by their higher id.
    /// </summary>
    private float CutBack(int k)
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
