namespace HunyuanOrleans.Contracts.Requests;

/// <summary>A drawn token with what was asked to be known about it.</summary>
/// <param name="Id">The token id; <see cref="NoToken"/> where the logits allowed none.</param>
/// <param name="LogProbability">Natural log of its probability under the unmodified logits; 0 when log probabilities were not asked
/// for.</param>
/// <param name="Top">The most probable alternatives in falling order, or null when not asked for.</param>
public readonly record struct SampledToken(int Id, float LogProbability, TokenLogProbability[]? Top)
{
    /// <summary>
    /// The <see cref="Id"/> that says: every token is forbidden, or a logit is not a number. Ends this sequence, not the step.
    /// </summary>
    public const int NoToken = -1;
}

/// <summary>One alternative and its natural log probability.</summary>
public readonly record struct TokenLogProbability(int Id, float LogProbability);
