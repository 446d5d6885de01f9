using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Kernels.Devices;

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
    private ulong[] _adjusted = [];

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

    /// <summary>
    /// Computes how many of the largest logits <see cref="TrySample"/> should get. 0 if a state needs the whole row: log probabilities, no top-k, a larger
    /// one, or adjustments that raise logits.
    /// </summary>
    /// <param name="state">The sequence's sampling state.</param>
    /// <param name="most">The most that can be had.</param>
    public int LargestFor(SamplingState state, int most)
    {
        SamplingParams parameters = state.Parameters;
        int chosen = Chosen(parameters);
        if (chosen == 0 || chosen > most || parameters.LogProbabilities is not null)
        {
            return 0;
        }

        // Adjustments make some of the largest smaller than others, so there must be enough left.
        return !CandidateAdjustments.IsNeeded(state) ? chosen : CandidateAdjustments.OnlyLower(state) ? most : 0;
    }

    /// <summary>Samples the token that <see cref="Sample"/> would, from the largest logits of its row.</summary>
    /// <param name="largest">At least as many as <see cref="LargestFor"/> asks for, which is not 0.</param>
    /// <param name="state">The sequence's sampling state. It is only read.</param>
    /// <param name="token">Receives the token.</param>
    /// <returns>False if the token may depend on other logits of the row.</returns>
    public bool TrySample(in LargestLogits largest, SamplingState state, out SampledToken token)
    {
        token = new SampledToken(SampledToken.NoToken, 0, null);
        if (float.IsNaN(largest.Max))
        {
            return false;
        }

        ReadOnlySpan<ulong> raw = largest.Keys, keys = raw;
        if (CandidateAdjustments.IsNeeded(state))
        {
            if (_adjusted.Length < raw.Length)
            {
                _adjusted = new ulong[raw.Length];
            }

            keys = _adjusted.AsSpan(0, CandidateAdjustments.Apply(raw, state, _adjusted));
        }

        int chosen = Chosen(state.Parameters);
        if (!largest.IsWholeRow && (keys.Length < chosen || keys[chosen - 1] < raw[^1]))
        {
            return false;
        }

        keys = keys[..Math.Min(chosen, keys.Length)];
        if (!keys.IsEmpty && float.IsFinite(SortKey.Value(keys[0])))
        {
            token = new SampledToken(Draw(keys, state), 0, null);
        }

        return true;
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

        return Chosen(parameters) is > 0 and int chosen
            ? Draw(_topK.Select(logits, chosen), state)
            : _categorical.Sample(logits, max, parameters, CounterRandom.Uniform(state.Seed, state.Position));
    }

    // Number of largest logits that a token is drawn from; 0 for all of the vocabulary.
    private int Chosen(SamplingParams parameters) =>
        parameters.IsGreedy ? 1 : parameters.TopK > 0 && parameters.TopK < vocabularySize ? parameters.TopK : 0;

    private int Draw(ReadOnlySpan<ulong> keys, SamplingState state) => state.Parameters.IsGreedy
        ? SortKey.Id(keys[0])
        : _categorical.SampleTopK(keys, SortKey.Value(keys[0]), state.Parameters, CounterRandom.Uniform(state.Seed, state.Position));
}
