using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Text.Answers;

namespace HunyuanOrleans.Server.Generation;

/// <summary>The new text and tokens of one choice since the previous chunk.</summary>
/// <param name="Text">The text as the model wrote it; may be empty.</param>
/// <param name="Events">The same text as reasoning, text for the user and tool calls. Empty for choices of plain text. The list is
/// valid until the next chunk is read.</param>
/// <param name="Samples">The log probabilities of the new tokens, without a stop token; empty unless requested.</param>
/// <param name="Finish">Why the choice ended; set in its last chunk only.</param>
/// <param name="StopString">The stop string that ended the text; null if none did.</param>
internal readonly record struct ResponseChunk(
    string Text, IReadOnlyList<AnswerEvent> Events, ReadOnlyMemory<SampledToken> Samples, FinishReason Finish, string? StopString = null)
{
    /// <summary>In the first chunk: the tokens of the prompt after its first, with their log probabilities; empty unless requested.</summary>
    public ReadOnlyMemory<SampledToken> Prompt { get; init; }

    /// <summary>The stop token that ended the choice, with its log probabilities; null for none, and unless requested.</summary>
    public SampledToken? StopToken { get; init; }
}
