using HunyuanOrleans.Contracts.Requests;
using Microsoft.Extensions.AI;

namespace HunyuanOrleans.Client.Chat;

/// <summary>Chunks of one answer as updates of one chat message.</summary>
/// <param name="model">The model's name.</param>
/// <param name="created">When the request was made.</param>
internal sealed class ChatUpdates(string model, DateTimeOffset created)
{
    private readonly string _response = $"chat-{Guid.NewGuid():N}";

    /// <summary>The update of a chunk; that of the last one carries reason and usage.</summary>
    public ChatResponseUpdate Of(AnswerChunk chunk)
    {
        ChatResponseUpdate update = new()
        {
            Role = ChatRole.Assistant,
            ResponseId = _response,
            MessageId = _response,
            ModelId = model,
            CreatedAt = created,
            RawRepresentation = chunk,
        };
        if (chunk.Text.Length > 0)
        {
            update.Contents.Add(new TextContent(chunk.Text));
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
