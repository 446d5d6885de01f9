
namespace HunyuanOrleans.Contracts.Requests;

/// <summary>The tokens that came since the last chunk was read. The memory stays valid and unchanged.</summary>
/// <param name="Ids">New token ids; may be empty in the last chunk.</param>
/// <param name="Samples">The same tokens with their log probabilities; empty unless asked for.</param>
/// <param name="Finish">Set in the last chunk.</param>
/// <param name="EndsWithStopId">True in the last chunk where its last id is a stop id, which is not part of the text.</param>
/// <param name="Error">What went wrong, for users, where <paramref name="Finish"/> is <see cref="FinishReason.Error"/>.</param>
public readonly record struct TokenChunk(
    ReadOnlyMemory<int> Ids, ReadOnlyMemory<SampledToken> Samples, FinishReason Finish, bool EndsWithStopId, string? Error);
