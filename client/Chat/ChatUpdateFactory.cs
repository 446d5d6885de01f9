using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Text.Answers;
using Microsoft.Extensions.AI;

namespace HunyuanOrleans.Client.Chat;

/// <summary>Converts the chunks of one answer to the updates of one chat message.</summary>
/// <param name="model">The model's name.</param>
/// <param name="created">When the request was created.</param>
/// <param name="parser">Tells reasoning from text.</param>
internal sealed class ChatUpdateFactory(string model, DateTimeOffset created, AnswerParser parser)
{
    private readonly string _responseId = $"chat-{Guid.NewGuid():N}";

    /// <summary>Creates the update of a chunk, which is empty while text may become a mark. The update of the last chunk carries finish reason and usage.</summary>
    public ChatResponseUpdate Create(AnswerChunk chunk)
    {
        ChatResponseUpdate update = new()
        {
            Role = ChatRole.Assistant,
            ResponseId = _responseId,
            MessageId = _responseId,
            ModelId = model,
            CreatedAt = created,
            RawRepresentation = chunk,
        };
        foreach (AnswerEvent part in parser.Append(chunk.Text, last: chunk.Finish != FinishReason.None))
        {
            update.Contents.Add(part.Kind == AnswerEventKind.Reasoning ? new TextReasoningContent(part.Text) : new TextContent(part.Text));
        }

        if (chunk.Usage is { } usage)
        {
            update.FinishReason = chunk.Finish == FinishReason.Length ? ChatFinishReason.Length : ChatFinishReason.Stop;
            update.Contents.Add(new UsageContent(new UsageDetails
            {
                InputTokenCount = usage.PromptTokens,
                CachedInputTokenCount = usage.CachedPromptTokens,
                OutputTokenCount = usage.AnswerTokens,
                TotalTokenCount = usage.PromptTokens + usage.AnswerTokens,
            }));
        }

        return update;
    }
}
