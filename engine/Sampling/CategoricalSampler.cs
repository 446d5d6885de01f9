using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Engine.Sampling;

/// <summary>
/// Applies temperature, top-p and min-p and draws a token, either among the tokens that top-k has selected or from the whole vocabulary.
/// The weight of a token is exp((logit - max) / temperature), so the most probable token has weight 1 and min-p is a bound on the weight.
/// </summary>
internal sealed class CategoricalSampler(int vocabularySize)
{
    /// <summary>
    /// Weights are summed in float32 within a chunk and in float64 over chunks, so that a flat distribution loses no mass to rounding.
    /// </summary>
    private const int ChunkLength = 1024;

    private readonly float[] _weights = new float[vocabularySize];
    private readonly double[] _chunkSums = new double[(vocabularySize + ChunkLength - 1) / ChunkLength];
    private readonly NucleusSampler _nucleus = new(vocabularySize);
    private float[] _topLogits = [];

    /// <summary>Computes the weights of a whole row, exp((logit - max) * scale), and returns their sum.</summary>
    public double ComputeWeights(ReadOnlySpan<float> logits, float max, float scale)
    {
        double total = 0;
        for (int c = 0; c < _chunkSums.Length; c++)
        {
            int start = c * ChunkLength;
            ReadOnlySpan<float> part = logits[start..Math.Min(start + ChunkLength, logits.Length)];
            _chunkSums[c] = LogitVectors.ComputeWeights(part, max, scale, _weights.AsSpan(start, part.Length));
            total += _chunkSums[c];
        }

        return total;
    }

    /// <summary>Draws among the tokens that top-k has selected.</summary>
    /// <param name="keys">Their <see cref="SortKey"/>s, most probable first.</param>
    /// <param name="max">The largest logit.</param>
    /// <param name="parameters">Sampling parameters.</param>
    /// <param name="random">Random number in [0, 1).</param>
    public int SampleTopK(ReadOnlySpan<ulong> keys, float max, SamplingParams parameters, double random)
    {
        if (_topLogits.Length < keys.Length)
        {
            _topLogits = new float[keys.Length];
        }

        for (int i = 0; i < keys.Length; i++)
        {
            _topLogits[i] = SortKey.Value(keys[i]);
        }

        Span<float> weights = _weights.AsSpan(0, keys.Length);
        LogitVectors.ComputeWeights(_topLogits.AsSpan(0, keys.Length), max, 1 / parameters.Temperature, weights);
        double total = 0;
        foreach (float weight in weights)
        {
            total += weight;
        }

        double mass = 0, threshold = parameters.TopP * total;
        int count = 0;
        while (count < weights.Length && (parameters.TopP == 1 || mass < threshold) && weights[count] >= parameters.MinP)
        {
            mass += weights[count++];
        }

        return SortKey.Id(keys[Pick(weights[..count], random * mass)]);
    }

    /// <summary>Draws from the whole row. See <see cref="SampleTopK"/> for the parameters.</summary>
    public int Sample(ReadOnlySpan<float> logits, float max, SamplingParams parameters, double random)
    {
        double total = ComputeWeights(logits, max, 1 / parameters.Temperature);
        if (parameters.TopP < 1 || parameters.MinP > 0)
        {
            return _nucleus.Sample(_weights, total, parameters, random);
        }

        double target = random * total;
        int last = 0;
        for (int c = 0; c < _chunkSums.Length; c++)
        {
            if (_chunkSums[c] > 0)
            {
                last = c;
                if (target < _chunkSums[c])
                {
                    break;
                }

                target -= _chunkSums[c];
            }
        }

        int start = last * ChunkLength;
        return start + Pick(_weights.AsSpan(start, Math.Min(ChunkLength, logits.Length - start)), target);
    }

    /// <summary>
    /// Returns the first index at which the running sum exceeds <paramref name="target"/>. If rounding keeps the sum below it, returns the
    /// last index with a weight above 0.
    /// </summary>
    private static int Pick(ReadOnlySpan<float> weights, double target)
    {
        double sum = 0;
        int last = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            if (weights[i] > 0)
            {
                sum += weights[i];
                last = i;
                if (sum > target)
                {
                    break;
                }
            }
        }

        return last;
    }
}
