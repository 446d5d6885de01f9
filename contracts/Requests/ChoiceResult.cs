namespace HunyuanOrleans.Contracts.Requests;

/// <summary>One finished answer.</summary>
/// <param name="Index">Index of the answer in the request, from 0.</param>
/// <param name="Ids">All token ids of the answer, including a stop id and the ids that it resumed with.</param>
/// <param name="Samples">The tokens with their log probabilities, without those that the answer resumed with; empty unless
/// requested.</param>
/// <param name="Finish">Why the answer ended.</param>
/// <param name="EndsWithStopId">True if the last id is a stop id, which is not part of the text.</param>
/// <param name="Error">What went wrong, for users; null unless <paramref name="Finish"/> is <see cref="FinishReason.Error"/>.</param>
/// <param name="CachedPromptTokens">Prompt tokens found in the prefix cache when the answer first started.</param>
/// <param name="Timings">How long the answer took.</param>
public sealed record ChoiceResult(
    int Index,
    ReadOnlyMemory<int> Ids,
    ReadOnlyMemory<SampledToken> Samples,
    FinishReason Finish,
    bool EndsWithStopId,
    string? Error,
    int CachedPromptTokens,
    RequestTimings Timings)
{
    /// <summary>The tokens of the prompt after its first, with their log probabilities; empty unless requested.</summary>
    public ReadOnlyMemory<SampledToken> Prompt { get; init; }
}
