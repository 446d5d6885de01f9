using System.Numerics;
using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Engine.Sampling;

/// <summary>Applies penalties, bias, bans and the mask of allowed tokens to logits.</summary>
internal static class LogitAdjustments
{
    /// <summary>Applies them in place, in that order.</summary>
    public static void Apply(Span<float> logits, SamplingState state)
    {
        if (state.Counts is { } counts)
        {
            ApplyPenalties(logits, counts, state.Parameters);
        }

        foreach ((int id, float bias) in state.Bias)
        {
            logits[id] += bias;
        }

        foreach (int id in state.Banned)
        {
            logits[id] = float.NegativeInfinity;
        }

        foreach (int id in state.ForbiddenTokens.Span)
        {
            logits[id] = float.NegativeInfinity;
        }

        if (!state.AllowedTokens.IsEmpty)
        {
            ApplyMask(logits, state.AllowedTokens.Span);
        }
    }

    /// <summary>Applies the penalties to the logit of a token of the sequence.</summary>
    /// <param name="logit">The logit.</param>
    /// <param name="inAnswer">How often the token is in the answer.</param>
    /// <param name="parameters">The penalties.</param>
    public static float Penalize(float logit, int inAnswer, SamplingParams parameters)
    {
        logit = logit > 0 ? logit / parameters.RepetitionPenalty : logit * parameters.RepetitionPenalty;
        return inAnswer > 0 ? logit - (inAnswer * parameters.FrequencyPenalty) - parameters.PresencePenalty : logit;
    }

    private static void ApplyPenalties(Span<float> logits, TokenCounts counts, SamplingParams parameters)
    {
        ReadOnlySpan<int> ids = counts.Ids, inAnswer = counts.AnswerCounts;
        for (int i = 0; i < ids.Length; i++)
        {
            logits[ids[i]] = Penalize(logits[ids[i]], inAnswer[i], parameters);
        }
    }

    private static void ApplyMask(Span<float> logits, ReadOnlySpan<ulong> allowed)
    {
        for (int word = 0; word * 64 < logits.Length; word++)
        {
            // Tokens past the end of a short mask are forbidden.
            ulong forbidden = word < allowed.Length ? ~allowed[word] : ulong.MaxValue;
            Span<float> group = logits[(word * 64)..Math.Min(logits.Length, (word + 1) * 64)];
            if (forbidden == ulong.MaxValue)
            {
                group.Fill(float.NegativeInfinity);
                continue;
            }

            for (; forbidden != 0; forbidden &= forbidden - 1)
            {
                int bit = BitOperations.TrailingZeroCount(forbidden);
                if (bit < group.Length)
                {
                    group[bit] = float.NegativeInfinity;
                }
            }
        }
    }
}
