using HunyuanOrleans.Contracts.Requests;
namespace HunyuanOrleans.Engine.Sampling;

/// <summary>
/// Draws one token from one row of logits. The result depends on the row and the state alone: not on other sequences, threads or
/// the width of the machine's vectors. Owns its scratch memory, so one instance serves one thread; drawing allocates nothing
/// unless log probabilities are asked for.
/// </summary>
/// <param name="vocabularySize">Number of logits per row.</param>
public sealed class Sampler(int vocabularySize)
{
    private readonly TopKSelector _top = new();
    private readonly CategoricalSampler _draw = new(vocabularySize);
    private float[]? _unmodified;

    /// <summary>Draws the token for <see cref="SamplingState.Position"/>; the state itself is only read.</summary>
    /// <param name="logits">One row, [vocabulary]; overwritten.</param>
    /// <param name="state">The sequence's sampling state.</param>
    /// <returns>The token; its id is <see cref="SampledToken.NoToken"/> where all are forbidden or a logit is not a number.</returns>
    public SampledToken Sample(Span<float> logits, SamplingState state)
    {
        if (logits.Length != vocabularySize)
        {
            throw new ArgumentException($"{logits.Length} logits given to a sampler for {vocabularySize}.", nameof(logits));
        }

        SamplingParams parameters = state.Parameters;
        if (parameters.LogProbabilities is not null)
        {
            logits.CopyTo(_unmodified ??= new float[vocabularySize]);
        }

        LogitAdjustments.Apply(logits, state);
        int id = Choose(logits, state);
        return id >= 0 && parameters.LogProbabilities is int alternatives
            ? Describe(id, alternatives)
            : new SampledToken(id, 0, null);
    }

    private int Choose(ReadOnlySpan<float> logits, SamplingState state)
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
            ? _draw.FromTop(_top.Select(logits, parameters.TopK), max, parameters, random)
            : _draw.FromAll(logits, max, parameters, random);
    }

    private SampledToken Describe(int id, int alternatives)
    {
        ReadOnlySpan<float> logits = _unmodified;
        float max = LogitVectors.Max(logits);
        float logSum = (float)Math.Log(_draw.Weigh(logits, max, 1));
        var top = new TokenLogProbability[Math.Min(alternatives, vocabularySize)];
        if (top.Length > 0)
        {
            ReadOnlySpan<ulong> keys = _top.Select(logits, top.Length);
            Array.Resize(ref top, keys.Length);
            for (int i = 0; i < keys.Length; i++)
            {
                int other = SortKey.Id(keys[i]);
                top[i] = new TokenLogProbability(other, logits[other] - max - logSum);
            }
        }

        return new SampledToken(id, logits[id] - max - logSum, top);
    }
}
