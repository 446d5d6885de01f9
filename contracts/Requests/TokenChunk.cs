namespace HunyuanOrleans.Contracts.Requests;

/// <summary>The new tokens of an answer since the previous chunk. Its memory is never reused.</summary>
/// <param name="Ids">New token ids; may be empty in the last chunk.</param>
/// <param name="Samples">The same tokens with their log probabilities; empty unless requested.</param>
/// <param name="Finish">Why the answer ended, in the last chunk; none in the others.</param>
/// <param name="EndsWithStopId">True in the last chunk if its last id is a stop id, which is not part of the text.</param>
/// <param name="Error">What went wrong, for users; null unless <paramref name="Finish"/> is <see cref="FinishReason.Error"/>.</param>
public readonly record struct TokenChunk(
    ReadOnlyMemory<int> Ids, ReadOnlyMemory<SampledToken> Samples, FinishReason Finish, bool EndsWithStopId, string? Error)
{
    /// <summary>
    /// In the first chunk: the tokens of the prompt after its first, with their log probabilities. Empty unless requested, and in other chunks.
    /// </summary>
    public ReadOnlyMemory<SampledToken> Prompt { get; init; }
}
