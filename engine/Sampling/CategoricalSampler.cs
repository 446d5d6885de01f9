using HunyuanOrleans.Contracts.Requests;
namespace HunyuanOrleans.Engine.Sampling;

/// <summary>
/// Temperature, top-p, min-p and the draw itself, over either the tokens top-k left or the whole vocabulary. Weights are
/// exp((logit - max) / temperature), so the heaviest token weighs 1 and min-p is a plain bound on the weight.
/// </summary>
internal sealed class CategoricalSampler(int vocabularySize)
{
    /// <summary>Weights are summed in float32 within a chunk and in float64 over chunks, so a flat row loses no mass to rounding.</summary>
    private const int Chunk = 1024;

    private readonly float[] _weights = new float[vocabularySize];
    private readonly double[] _chunks = new double[(vocabularySize + Chunk - 1) / Chunk];
    private readonly NucleusSampler _nucleus = new(vocabularySize);
    private float[] _topLogits = [];

    /// <summary>Fills the weights of a whole row and returns their sum.</summary>
    public double Weigh(ReadOnlySpan<float> logits, float max, float scale)
    {
        double total = 0;
        for (int c = 0; c < _chunks.Length; c++)
        {
            int start = c * Chunk;
            ReadOnlySpan<float> part = logits[start..Math.Min(start + Chunk, logits.Length)];
            _chunks[c] = LogitVectors.Weigh(part, max, scale, _weights.AsSpan(start, part.Length));
            total += _chunks[c];
        }

        return total;
    }

    /// <summary>Draws among the tokens that top-k left.</summary>
    /// <param name="keys">Their <see cref="SortKey"/>s, heaviest first.</param>
    /// <param name="max">The largest logit.</param>
    /// <param name="parameters">How to draw.</param>
    /// <param name="random">In [0, 1).</param>
    public int FromTop(ReadOnlySpan<ulong> keys, float max, SamplingParams parameters, double random)
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
        LogitVectors.Weigh(_topLogits.AsSpan(0, keys.Length), max, 1 / parameters.Temperature, weights);
        double total = 0;
        foreach (float weight in weights)
        {
            total += weight;
        }

        double mass = 0, wanted = parameters.TopP * total;
        int count = 0;
        while (count < weights.Length && (parameters.TopP == 1 || mass < wanted) && weights[count] >= parameters.MinP)
        {
            mass += weights[count++];
        }

        return SortKey.Id(keys[Pick(weights[..count], random * mass)]);
    }

    /// <summary>Draws from the whole row.</summary>
    public int FromAll(ReadOnlySpan<float> logits, float max, SamplingParams parameters, double random)
    {
        double total = Weigh(logits, max, 1 / parameters.Temperature);
        if (parameters.TopP < 1 || parameters.MinP > 0)
        {
            return _nucleus.Draw(_weights, total, parameters, random);
        }

        double target = random * total;
        int last = 0;
        for (int c = 0; c < _chunks.Length; c++)
        {
            if (_chunks[c] > 0)
            {
                last = c;
                if (target < _chunks[c])
                {
                    break;
                }

                target -= _chunks[c];
            }
        }

        int start = last * Chunk;
        return start + Pick(_weights.AsSpan(start, Math.Min(Chunk, logits.Length - start)), target);
    }

    /// <summary>
    /// The first token at which the running sum passes <paramref name="target"/>; where rounding leaves it short, the last with weight.
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
