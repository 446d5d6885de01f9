namespace HunyuanOrleans.Contracts.Requests;

/// <summary>
/// How the tokens of one request are sampled. Names and meanings are those of the OpenAI and vLLM APIs. The order is: penalties, logit bias and
/// banned tokens on the logits, then temperature, top-k, top-p and min-p.
/// </summary>
public sealed record SamplingParams
{
    /// <summary>Temperatures below this mean greedy decoding, because dividing logits by them would overflow.</summary>
    public const float GreedyThreshold = 1e-5f;

    /// <summary>The neutral parameters: temperature 1, no filter, no penalty.</summary>
    public static SamplingParams Default { get; } = new();

    /// <summary>Greedy decoding: always the most probable token, and the lowest id among equals.</summary>
    public static SamplingParams Greedy { get; } = new() { Temperature = 0 };

    /// <summary>The divisor of the logits; 0 is greedy decoding. Default 1, at least 0.</summary>
    public float Temperature { get; init; } = 1;

    /// <summary>Number of most probable tokens to keep; 0 or -1 keeps all. Default 0.</summary>
    public int TopK { get; init; }

    /// <summary>Keeps the fewest most probable tokens whose probabilities sum to at least this. Default 1 (all), in (0, 1].</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Keeps tokens whose probability relative to the most probable token is at least this. Default 0 (all), in [0, 1].</summary>
    public float MinP { get; init; }

    /// <summary>Divides positive and multiplies negative logits of tokens that occur in prompt or answer. Default 1 (off), above 0.</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Subtracted from the logits of tokens that occur in the answer. Default 0, in [-2, 2].</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Subtracted from a token's logit for each time it occurs in the answer. Default 0, in [-2, 2].</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>The seed, which makes sampling repeatable. Default null: a random seed for each request.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Values to add to the logits of token ids, each in [-100, 100]; null for none.</summary>
    public IReadOnlyDictionary<int, float>? LogitBias { get; init; }

    /// <summary>Token ids that are never sampled; null for none.</summary>
    public IReadOnlyList<int>? BannedTokens { get; init; }

    /// <summary>The only token ids that may be sampled, at least one; null for all. End-of-text ids count too.</summary>
    public IReadOnlyList<int>? AllowedTokens { get; init; }

    /// <summary>Sequences of token ids that never occur in the answer; null for none. Each has at least one id.</summary>
    public IReadOnlyList<IReadOnlyList<int>>? BadWords { get; init; }

    /// <summary>
    /// Number of most probable tokens, 0 to 20, whose log probabilities are returned with that of the sampled token. They are those of the
    /// unmodified logits. Default null: no log probabilities.
    /// </summary>
    public int? LogProbabilities { get; init; }

    /// <summary>True if the most probable token is taken, without a random number.</summary>
    public bool IsGreedy => Temperature < GreedyThreshold;

    /// <summary>True if sampling depends on the tokens so far.</summary>
    public bool HasPenalties => RepetitionPenalty != 1 || PresencePenalty != 0 || FrequencyPenalty != 0;

    /// <summary>Returns a copy with the values that are not null, for example a request's values over the defaults of the model.</summary>
    public SamplingParams With(
        float? temperature = null,
        float? topP = null,
        int? topK = null,
        float? minP = null,
        float? repetitionPenalty = null,
        float? presencePenalty = null,
        float? frequencyPenalty = null,
        ulong? seed = null)
        => this with
        {
            Temperature = temperature ?? Temperature,
            TopP = topP ?? TopP,
            TopK = topK ?? TopK,
            MinP = minP ?? MinP,
            RepetitionPenalty = repetitionPenalty ?? RepetitionPenalty,
            PresencePenalty = presencePenalty ?? PresencePenalty,
            FrequencyPenalty = frequencyPenalty ?? FrequencyPenalty,
            Seed = seed ?? Seed,
        };

    /// <summary>Validates every value.</summary>
    /// <param name="vocabularySize">Number of token ids, for the ids in <see cref="LogitBias"/> and <see cref="BannedTokens"/>.</param>
    /// <exception cref="RequestException">A value is out of range; the message names parameter, value and range.</exception>
    public void Validate(int vocabularySize) => SamplingParamsValidator.Check(this, vocabularySize);
}
