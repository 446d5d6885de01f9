namespace HunyuanOrleans.Contracts.Requests;

/// <summary>A token and the natural log of its probability.</summary>
/// <param name="Id">The token id.</param>
/// <param name="LogProbability">Natural log of the token's probability.</param>
public readonly record struct TokenLogProbability(int Id, float LogProbability);
