using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Engine.Sampling;

/// <summary>
/// Draws from the fewest heaviest tokens that hold a share top-p of a row's weight, without sorting the row: tokens too light to
/// matter are dropped in one vector pass, a histogram over the leading bits of the weights finds the bucket the border falls into,
/// and only that bucket is sorted. It does not know logits or temperatures.
/// </summary>
internal sealed class NucleusSampler(int vocabularySize)
{
    /// <summary>Weights lie in [0, 1]; their exponent and upper 7 mantissa bits number the buckets.</summary>
    private const int BucketShift = 16, Buckets = (0x3F800000 >> BucketShift) + 2;

    private readonly int[] _candidates = new int[vocabularySize];
    private readonly ulong[] _border = new ulong[vocabularySize];
    private readonly double[] _mass = new double[Buckets];

    /// <summary>Draws one token.</summary>
    /// <param name="weights">The row's weights, each in [0, 1], the heaviest about 1.</param>
    /// <param name="total">Their sum.</param>
    /// <param name="parameters">Gives top-p and min-p.</param>
    /// <param name="random">In [0, 1).</param>
    public int Draw(ReadOnlySpan<float> weights, double total, SamplingParams parameters, double random)
    {
        // All V tokens lighter than 1/V of what top-p leaves out weigh less than that: none is inside. Half of it, for rounding.
        float floor = (float)(0.5 * (1 - parameters.TopP) * total / weights.Length);
        int count = Gather(weights, Math.Max(floor, float.Epsilon));
        ulong border = parameters.TopP < 1 ? Border(weights, count, parameters.TopP * total) : 0;

        double mass = 0;
        int kept = 0;
        foreach (int id in _candidates.AsSpan(0, count))
        {
            if (weights[id] >= parameters.MinP && SortKey.Of(weights[id], id) >= border)
            {
                mass += weights[id];
                _candidates[kept++] = id;
            }
        }

        double target = random * mass, sum = 0;
        for (int i = 0; i < kept - 1; i++)
        {
            sum += weights[_candidates[i]];
            if (sum > target)
            {
                return _candidates[i];
            }
        }

        return _candidates[kept - 1];
    }

    /// <summary>Lists the tokens at least as heavy as <paramref name="floor"/>, by rising id.</summary>
    private int Gather(ReadOnlySpan<float> weights, float floor)
    {
        int count = 0;
        ReadOnlySpan<Vector512<float>> vectors = MemoryMarshal.Cast<float, Vector512<float>>(weights);
        for (int v = 0; v < vectors.Length; v++)
        {
            ulong heavy = Vector512.GreaterThanOrEqual(vectors[v], Vector512.Create(floor)).ExtractMostSignificantBits();
            for (; heavy != 0; heavy &= heavy - 1)
            {
                _candidates[count++] = (v * Vector512<float>.Count) + BitOperations.TrailingZeroCount(heavy);
            }
        }

        for (int id = vectors.Length * Vector512<float>.Count; id < weights.Length; id++)
        {
            if (weights[id] >= floor)
            {
                _candidates[count++] = id;
            }
        }

        return count;
    }

    /// <summary>
    /// The key of the last token inside: heaviest first, the first at which the running sum reaches <paramref name="wanted"/>.
    /// </summary>
    private ulong Border(ReadOnlySpan<float> weights, int count, double wanted)
    {
        Array.Clear(_mass);
        foreach (int id in _candidates.AsSpan(0, count))
        {
            _mass[Bucket(weights[id])] += weights[id];
        }

        int bucket = Buckets - 1;
        double sum = 0;
        while (bucket > 0 && sum + _mass[bucket] < wanted)
        {
            sum += _mass[bucket--];
        }

        int found = 0;
        foreach (int id in _candidates.AsSpan(0, count))
        {
            if (Bucket(weights[id]) == bucket)
            {
                _border[found++] = SortKey.Of(weights[id], id);
            }
        }

        Span<ulong> keys = _border.AsSpan(0, found);
        keys.Sort();
        for (int i = found - 1; i > 0; i--)
        {
            sum += SortKey.Value(keys[i]);
            if (sum >= wanted)
            {
                return keys[i];
            }
        }

        return found > 0 ? keys[0] : 0;
    }

    private static int Bucket(float weight) => Math.Min(BitConverter.SingleToInt32Bits(weight) >> BucketShift, Buckets - 1);
}
