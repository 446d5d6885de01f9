namespace HunyuanOrleans.Contracts.Requests;

/// <summary>A sampled token with its log probabilities.</summary>
/// <param name="Id">The token id; <see cref="NoToken"/> if the logits allow none.</param>
/// <param name="LogProbability">Natural logarithm of the token's probability under the unmodified logits; 0 if log probabilities were
/// not requested.</param>
/// <param name="Top">The most probable tokens in falling order; null if not requested.</param>
public readonly record struct SampledToken(int Id, float LogProbability, TokenLogProbability[]? Top)
{
    /// <summary>
    /// The <see cref="Id"/> if every token is forbidden, or a logit is not a number or is positive infinity. It ends only this sequence; the step goes on.
    /// </summary>
    public const int NoToken = -1;
}
