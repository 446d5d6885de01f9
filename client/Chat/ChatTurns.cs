using HunyuanOrleans.Contracts.Messages;
using Microsoft.Extensions.AI;

namespace HunyuanOrleans.Client.Chat;

/// <summary>Messages of Microsoft.Extensions.AI as the cluster takes them: text alone.</summary>
internal static class ChatTurns
{
    /// <summary>Turns messages into turns.</summary>
    /// <param name="messages">The chat, oldest message first.</param>
    /// <param name="instructions">What comes before as a system message; null for nothing.</param>
    /// <exception cref="NotSupportedException">A message holds something else than text.</exception>
    public static ChatTurn[] Of(IEnumerable<ChatMessage> messages, string? instructions)
    {
        ArgumentNullException.ThrowIfNull(messages);
        IEnumerable<ChatTurn> turns = messages.Select(Of);
        return [.. string.IsNullOrEmpty(instructions) ? turns : turns.Prepend(new ChatTurn(ChatRole.System.Value, instructions))];
    }

    private static ChatTurn Of(ChatMessage message)
    {
        List<string> texts = [], thoughts = [];
        foreach (AIContent content in message.Contents)
        {
            switch (content)
            {
                case TextContent text:
                    texts.Add(text.Text);
                    break;
                case TextReasoningContent thought:
                    thoughts.Add(thought.Text);
                    break;
                case UsageContent:
                    // An earlier answer put into the history as it came.
                    break;
                default:
                    throw new NotSupportedException(
                        $"A {message.Role} message holds {content.GetType().Name}; allowed: {nameof(TextContent)} and {nameof(TextReasoningContent)}, as the models read text.");
            }
        }

        return new ChatTurn(message.Role.Value, string.Concat(texts), message.AuthorName, thoughts.Count == 0 ? null : string.Concat(thoughts));
    }
}
