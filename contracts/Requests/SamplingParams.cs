namespace HunyuanOrleans.Contracts.Requests;

/// <summary>
/// How the tokens of one request are drawn; names and meanings are those of the OpenAI and vLLM APIs. Applied in this order:
/// penalties, logit bias and bans on the logits, temperature, top-k, top-p, min-p, draw. It does not know when an answer ends.
/// </summary>
public sealed record SamplingParams
{
    /// <summary>Temperatures below this mean greedy decoding: dividing logits by less would overflow.</summary>
    public const float GreedyBelow = 1e-5f;

    /// <summary>The neutral parameters: temperature 1, no filter, no penalty.</summary>
    public static SamplingParams Default { get; } = new();

    /// <summary>Always the most probable token; of equals the lowest id.</summary>
    public static SamplingParams Greedy { get; } = new() { Temperature = 0 };

    /// <summary>Divides the logits; 0 is greedy. Default 1, at least 0.</summary>
    public float Temperature { get; init; } = 1;

    /// <summary>Keeps only so many most probable tokens; 0 or -1 keeps all. Default 0.</summary>
    public int TopK { get; init; }

    /// <summary>Keeps the fewest most probable tokens whose probabilities sum to at least this. Default 1 (all), in (0, 1].</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Keeps tokens at least this probable relative to the most probable one. Default 0 (all), in [0, 1].</summary>
    public float MinP { get; init; }

    /// <summary>Divides positive and multiplies negative logits of tokens seen in prompt or answer. Default 1 (off), above 0.</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Subtracted from the logits of tokens seen in the answer. Default 0, in [-2, 2].</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Subtracted from a token's logit once for each time it was seen in the answer. Default 0, in [-2, 2].</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Makes the draw repeatable; null draws a seed per request.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Added to the logits of these token ids, each in [-100, 100]; null for none.</summary>
    public IReadOnlyDictionary<int, float>? LogitBias { get; init; }

    /// <summary>Token ids that are never drawn; null for none.</summary>
    public IReadOnlyList<int>? BannedTokens { get; init; }

    /// <summary>
    /// Null: no log probabilities. 0 to 20: those of the drawn token and of so many most probable ones, from the unmodified logits.
    /// </summary>
    public int? LogProbabilities { get; init; }

    /// <summary>True where the most probable token is taken without drawing.</summary>
    public bool IsGreedy => Temperature < GreedyBelow;

    /// <summary>True where drawing needs to know which tokens were seen.</summary>
    public bool HasPenalties => RepetitionPenalty != 1 || PresencePenalty != 0 || FrequencyPenalty != 0;

    /// <summary>A copy in which each value given (not null) replaces this one's: model defaults first, then the request's wishes.</summary>
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

    /// <summary>Checks every value.</summary>
    /// <param name="vocabularySize">Number of token ids, for those named in <see cref="LogitBias"/> and <see cref="BannedTokens"/>.</param>
    /// <exception cref="Requests.RequestException">A value is out of range; the message names parameter, value and range.</exception>
    public void Validate(int vocabularySize) => SamplingParamsValidator.Check(this, vocabularySize);
}
