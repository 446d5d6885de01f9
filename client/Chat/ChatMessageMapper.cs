using HunyuanOrleans.Contracts.Messages;
using Microsoft.Extensions.AI;

namespace HunyuanOrleans.Client.Chat;

/// <summary>Converts messages of Microsoft.Extensions.AI to the cluster's chat messages, which hold text only.</summary>
internal static class ChatMessageMapper
{
    /// <summary>Converts a chat.</summary>
    /// <param name="messages">The chat, oldest message first.</param>
    /// <param name="instructions">The text of a system message to put before the chat; null or empty for none.</param>
    /// <exception cref="NotSupportedException">A message holds something other than text.</exception>
    public static ChatTurn[] ToTurns(IEnumerable<ChatMessage> messages, string? instructions)
    {
        ArgumentNullException.ThrowIfNull(messages);
        IEnumerable<ChatTurn> turns = messages.Select(ToTurn);
        return [.. string.IsNullOrEmpty(instructions) ? turns : turns.Prepend(new ChatTurn(ChatRole.System.Value, instructions))];
    }

    private static ChatTurn ToTurn(ChatMessage message)
    {
        List<string> texts = [], reasoning = [];
        foreach (AIContent content in message.Contents)
        {
            switch (content)
            {
                case TextContent text:
                    texts.Add(text.Text);
                    break;
                case TextReasoningContent thought:
                    reasoning.Add(thought.Text);
                    break;
                case UsageContent:
                    // Callers add earlier answers to the history with the usage that came with them.
                    break;
                default:
                    throw new NotSupportedException(
                        $"A {message.Role} message holds {content.GetType().Name}; allowed: {nameof(TextContent)} and {nameof(TextReasoningContent)}, as the models read text.");
            }
        }

        return new ChatTurn(message.Role.Value, string.Concat(texts), message.AuthorName, reasoning.Count == 0 ? null : string.Concat(reasoning));
    }
}
