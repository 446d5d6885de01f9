using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Engine.Sampling;

/// <summary>
/// Applies the adjustments of <see cref="LogitAdjustments"/>, with the same bits, to the largest logits of a row instead of the whole row. That is possible
/// if adjustments lower logits only: a logit that was not among the largest before is below all of them afterwards too.
/// </summary>
internal static class CandidateAdjustments
{
    /// <summary>Whether there is anything to adjust.</summary>
    public static bool IsNeeded(SamplingState state) =>
        state.Counts is not null || !state.Bias.IsEmpty || !state.Banned.IsEmpty || !state.ForbiddenTokens.IsEmpty || !state.AllowedTokens.IsEmpty;

    /// <summary>Whether no logit can become larger.</summary>
    public static bool OnlyLower(SamplingState state)
    {
        SamplingParams parameters = state.Parameters;
        if (state.Counts is not null && (parameters.RepetitionPenalty < 1 || parameters.FrequencyPenalty < 0 || parameters.PresencePenalty < 0))
        {
            return false;
        }

        foreach ((int _, float bias) in state.Bias)
        {
            if (bias > 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Adjusts logits and leaves out those that become minus infinity.</summary>
    /// <param name="keys">The <see cref="SortKey"/>s of the logits.</param>
    /// <param name="state">The adjustments.</param>
    /// <param name="adjusted">Receives the keys of the adjusted logits in descending order; as long as <paramref name="keys"/>.</param>
    /// <returns>Number of adjusted logits.</returns>
    public static int Apply(ReadOnlySpan<ulong> keys, SamplingState state, Span<ulong> adjusted)
    {
        int count = 0;
        foreach (ulong key in keys)
        {
            int id = SortKey.Id(key);
            if (!IsForbidden(id, state))
            {
                float logit = Adjust(SortKey.Value(key), id, state);
                if (logit > float.NegativeInfinity)
                {
                    adjusted[count++] = SortKey.Of(logit, id);
                }
            }
        }

        adjusted[..count].Sort();
        adjusted[..count].Reverse();
        return count;
    }

    private static bool IsForbidden(int id, SamplingState state)
    {
        ReadOnlySpan<ulong> allowed = state.AllowedTokens.Span;
        bool isMasked = !allowed.IsEmpty && ((id >> 6) >= allowed.Length || ((allowed[id >> 6] >> (id & 63)) & 1) == 0);
        return isMasked || state.Banned.Contains(id) || state.ForbiddenTokens.Span.Contains(id);
    }

    private static float Adjust(float logit, int id, SamplingState state)
    {
        if (state.Counts is { } counts && counts.TryGetAnswerCount(id, out int inAnswer))
        {
            logit = LogitAdjustments.Penalize(logit, inAnswer, state.Parameters);
        }

        foreach ((int biased, float bias) in state.Bias)
        {
            logit = biased == id ? logit + bias : logit;
        }

        return logit;
    }
}
