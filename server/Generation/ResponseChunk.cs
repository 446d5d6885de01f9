using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Server.Generation;

/// <summary>The new text and tokens of one choice since the previous chunk.</summary>
/// <param name="Text">The text; may be empty.</param>
/// <param name="Samples">The log probabilities of the new tokens, without a stop token; empty unless requested.</param>
/// <param name="Finish">Why the choice ended; set in its last chunk only.</param>
internal readonly record struct ResponseChunk(string Text, ReadOnlyMemory<SampledToken> Samples, FinishReason Finish);
