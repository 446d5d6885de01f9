using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Engine.Sampling;

/// <summary>
/// Top-p (nucleus) sampling without sorting the row: one vector pass drops tokens whose weight is too small to be in the nucleus, a
/// histogram over the leading bits of the weights finds the bucket that contains the cutoff, and only that bucket is sorted.
/// </summary>
internal sealed class NucleusSampler(int vocabularySize)
{
    /// <summary>Weights lie in [0, 1]; the exponent and the upper 7 mantissa bits are the bucket number.</summary>
    private const int BucketShift = 16, Buckets = (0x3F800000 >> BucketShift) + 2;

    private readonly int[] _candidates = new int[vocabularySize];
    private readonly ulong[] _bucketKeys = new ulong[vocabularySize];
    private readonly double[] _bucketMass = new double[Buckets];

    /// <summary>Samples one token.</summary>
    /// <param name="weights">The weights of all tokens, each in [0, 1], the largest about 1.</param>
    /// <param name="total">Their sum.</param>
    /// <param name="parameters">Sampling parameters with top-p and min-p.</param>
    /// <param name="random">Random number in [0, 1).</param>
    public int Sample(ReadOnlySpan<float> weights, double total, SamplingParams parameters, double random)
    {
        // With V tokens, all tokens lighter than (1 - top-p) * total / V together weigh less than what top-p leaves out, so none of them is
        // in the nucleus. Half of that bound leaves a margin for rounding.
        float floor = (float)(0.5 * (1 - parameters.TopP) * total / weights.Length);
        int count = Gather(weights, Math.Max(floor, float.Epsilon));
        ulong cutoff = parameters.TopP < 1 ? FindCutoff(weights, count, parameters.TopP * total) : 0;

        double mass = 0;
        int kept = 0;
        foreach (int id in _candidates.AsSpan(0, count))
        {
            if (weights[id] >= parameters.MinP && SortKey.Of(weights[id], id) >= cutoff)
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

    /// <summary>Lists the tokens with a weight of at least <paramref name="floor"/> in ascending order of id.</summary>
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
    /// Finds the sort key of the last token in the nucleus: the one at which the running sum, largest weight first, reaches
    /// <paramref name="mass"/>.
    /// </summary>
    private ulong FindCutoff(ReadOnlySpan<float> weights, int count, double mass)
    {
        Array.Clear(_bucketMass);
        foreach (int id in _candidates.AsSpan(0, count))
        {
            _bucketMass[Bucket(weights[id])] += weights[id];
        }

        int bucket = Buckets - 1;
        double sum = 0;
        while (bucket > 0 && sum + _bucketMass[bucket] < mass)
        {
            sum += _bucketMass[bucket--];
        }

        int found = 0;
        foreach (int id in _candidates.AsSpan(0, count))
        {
            if (Bucket(weights[id]) == bucket)
            {
                _bucketKeys[found++] = SortKey.Of(weights[id], id);
            }
        }

        Span<ulong> keys = _bucketKeys.AsSpan(0, found);
        keys.Sort();
        for (int i = found - 1; i > 0; i--)
        {
            sum += SortKey.Value(keys[i]);
            if (sum >= mass)
            {
                return keys[i];
            }
        }

        return found > 0 ? keys[0] : 0;
    }

    private static int Bucket(float weight) => Math.Min(BitConverter.SingleToInt32Bits(weight) >> BucketShift, Buckets - 1);
}
