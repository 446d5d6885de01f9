
namespace HunyuanOrleans.Contracts.Requests;

/// <summary>One finished answer.</summary>
/// <param name="Index">Which of the request's answers, from 0.</param>
/// <param name="Ids">All its token ids, a stop id included; those it was resumed with too.</param>
/// <param name="Samples">The tokens drawn here with log probabilities, so none of those it was resumed with; empty unless asked
/// for.</param>
/// <param name="Finish">Why it ended.</param>
/// <param name="EndsWithStopId">True where the last id is a stop id, which is not part of the text.</param>
/// <param name="Error">What went wrong, for users; null unless <paramref name="Finish"/> is <see cref="FinishReason.Error"/>.</param>
/// <param name="CachedPromptTokens">Prompt tokens found in the prefix cache when the answer first started.</param>
/// <param name="Timings">How long it took.</param>
public sealed record ChoiceResult(
    int Index,
    ReadOnlyMemory<int> Ids,
    ReadOnlyMemory<SampledToken> Samples,
    FinishReason Finish,
    bool EndsWithStopId,
    string? Error,
    int CachedPromptTokens,
    RequestTimings Timings);
