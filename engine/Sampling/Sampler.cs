using HunyuanOrleans.Contracts.Requests;
namespace HunyuanOrleans.Engine.Sampling;

/// <summary>
/// Samples one token from one row of logits. The result depends only on the row and the sampling state, not on other sequences, threads or
/// the vector width of the CPU. It owns scratch memory, so an instance serves one thread at a time; sampling allocates nothing unless log
/// probabilities are requested.
/// </summary>
/// <param name="vocabularySize">Number of logits per row.</param>
public sealed class Sampler(int vocabularySize)
{
    private readonly TopKSelector _topK = new();
    private readonly CategoricalSampler _categorical = new(vocabularySize);
    private float[]? _unmodifiedLogits;

    /// <summary>Samples the token for <see cref="SamplingState.Position"/>. The state is only read.</summary>
    /// <param name="logits">One row, [vocabulary]; overwritten.</param>
    /// <param name="state">The sequence's sampling state.</param>
    /// <returns>The token; its id is <see cref="SampledToken.NoToken"/> if all tokens are forbidden or a logit is NaN or positive
    /// infinity.</returns>
    public SampledToken Sample(Span<float> logits, SamplingState state)
    {
        if (logits.Length != vocabularySize)
        {
            throw new ArgumentException($"{logits.Length} logits given to a sampler for {vocabularySize}.", nameof(logits));
        }

        SamplingParams parameters = state.Parameters;
        if (parameters.LogProbabilities is not null)
        {
            logits.CopyTo(_unmodifiedLogits ??= new float[vocabularySize]);
        }

        LogitAdjustments.Apply(logits, state);
        int id = SelectToken(logits, state);
        return id >= 0 && parameters.LogProbabilities is int alternatives
            ? Score(_unmodifiedLogits, id, alternatives)
            : new SampledToken(id, 0, null);
    }

    /// <summary>Computes the log probabilities of a token and of the most probable ones.</summary>
    /// <param name="logits">One row, [vocabulary].</param>
    /// <param name="id">The token.</param>
    /// <param name="alternatives">Number of most probable tokens.</param>
    public SampledToken Score(ReadOnlySpan<float> logits, int id, int alternatives)
    {
        float max = LogitVectors.Max(logits);
        float logSum = (float)Math.Log(_categorical.ComputeWeights(logits, max, 1));
        var top = new TokenLogProbability[Math.Min(alternatives, vocabularySize)];
        if (top.Length > 0)
        {
            ReadOnlySpan<ulong> keys = _topK.Select(logits, top.Length);
            Array.Resize(ref top, keys.Length);
            for (int i = 0; i < keys.Length; i++)
            {
                int alternative = SortKey.Id(keys[i]);
                top[i] = new TokenLogProbability(alternative, logits[alternative] - max - logSum);
            }
        }

        return new SampledToken(id, logits[id] - max - logSum, top);
    }

    private int SelectToken(ReadOnlySpan<float> logits, SamplingState state)
    {
        SamplingParams parameters = state.Parameters;
        float max = LogitVectors.Max(logits);
        if (!float.IsFinite(max))
        {
            return SampledToken.NoToken;
        }

        if (parameters.IsGreedy)
        {
            return LogitVectors.FirstIndexOf(logits, max);
        }

        double random = CounterRandom.Uniform(state.Seed, state.Position);
        return parameters.TopK > 0 && parameters.TopK < vocabularySize
            ? _categorical.SampleTopK(_topK.Select(logits, parameters.TopK), max, parameters, random)
            : _categorical.Sample(logits, max, parameters, random);
    }
}
