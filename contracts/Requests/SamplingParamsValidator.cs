namespace HunyuanOrleans.Contracts.Requests;

/// <summary>Validates the ranges of sampling parameters.</summary>
internal static class SamplingParamsValidator
{
    /// <summary>Limit of the OpenAI API for log probabilities.</summary>
    public const int MaxLogProbabilities = 20;

    // Each is compared with the end of the answer for every token.
    private const int MaxBadWords = 1024, MaxBadWordLength = 256;

    /// <summary>Throws for the first value out of its range. Every comparison is false for NaN, so NaN is refused.</summary>
    public static void Check(SamplingParams p, int vocabularySize)
    {
        Require(p.Temperature is >= 0 and < float.PositiveInfinity, "temperature", p.Temperature, "0 (greedy) or more");
        Require(p.TopK >= -1, "top_k", p.TopK, "1 or more, or 0 or -1 for no limit");
        Require(p.TopP is > 0 and <= 1, "top_p", p.TopP, "above 0, up to 1");
        Require(p.MinP is >= 0 and <= 1, "min_p", p.MinP, "0 to 1");
        Require(p.RepetitionPenalty is > 0 and < float.PositiveInfinity, "repetition_penalty", p.RepetitionPenalty, "above 0 (1 is off)");
        Require(p.PresencePenalty is >= -2 and <= 2, "presence_penalty", p.PresencePenalty, "-2 to 2");
        Require(p.FrequencyPenalty is >= -2 and <= 2, "frequency_penalty", p.FrequencyPenalty, "-2 to 2");
        Require(p.LogProbabilities is null or (>= 0 and <= MaxLogProbabilities), "logprobs", p.LogProbabilities, "0 to 20");
        foreach ((int id, float bias) in p.LogitBias ?? new Dictionary<int, float>())
        {
            RequireToken(id, "logit_bias", vocabularySize);
            if (bias is not (>= -100 and <= 100))
            {
                throw RequestException.NotAllowed("logit_bias", bias, "-100 to 100", $"logit_bias of token {id}");
            }
        }

        foreach (int id in p.BannedTokens ?? [])
        {
            RequireToken(id, "banned_tokens", vocabularySize);
        }

        CheckRestrictions(p, vocabularySize);
    }

    private static void CheckRestrictions(SamplingParams p, int vocabularySize)
    {
        Require(p.AllowedTokens is null or { Count: > 0 }, "allowed_token_ids", "empty", "at least one token id");
        foreach (int id in p.AllowedTokens ?? [])
        {
            RequireToken(id, "allowed_token_ids", vocabularySize);
        }

        Require(p.BadWords is null or { Count: <= MaxBadWords }, "bad_words", p.BadWords?.Count, $"up to {MaxBadWords} sequences of tokens");
        foreach (IReadOnlyList<int> word in p.BadWords ?? [])
        {
            if (word.Count is 0 or > MaxBadWordLength)
            {
                throw RequestException.NotAllowed("bad_words", word.Count, $"1 to {MaxBadWordLength} tokens", "length of a bad word");
            }

            foreach (int id in word)
            {
                RequireToken(id, "bad_words", vocabularySize);
            }
        }
    }

    /// <summary>Throws unless <paramref name="id"/> is a token id.</summary>
    public static void RequireToken(int id, string parameter, int vocabularySize)
    {
        if ((uint)id >= (uint)vocabularySize)
        {
            throw new RequestException(parameter, $"{parameter} holds token id {id}; allowed: 0 to {vocabularySize - 1}.");
        }
    }

    private static void Require(bool holds, string parameter, object? value, string allowed)
    {
        if (!holds)
        {
            throw RequestException.NotAllowed(parameter, value, allowed);
        }
    }
}
