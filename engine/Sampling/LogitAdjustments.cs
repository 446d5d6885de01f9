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

    private static void ApplyPenalties(Span<float> logits, TokenCounts counts, SamplingParams parameters)
    {
        ReadOnlySpan<int> ids = counts.Ids, inAnswer = counts.AnswerCounts;
        for (int i = 0; i < ids.Length; i++)
        {
            float logit = logits[ids[i]];
            logit = logit > 0 ? logit / parameters.RepetitionPenalty : logit * parameters.RepetitionPenalty;
            if (inAnswer[i] > 0)
            {
                logit = logit - (inAnswer[i] * parameters.FrequencyPenalty) - parameters.PresencePenalty;
            }

            logits[ids[i]] = logit;
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
