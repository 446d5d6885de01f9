using System.Text.Json;
using HunyuanOrleans.Text.Templates;

namespace HunyuanOrleans.Server.Responses;

/// <summary>A response that is kept in memory.</summary>
/// <param name="Id">The response's id.</param>
/// <param name="Json">The response, as it was sent.</param>
/// <param name="Conversation">The messages up to its output, without instructions, which the next request does not inherit.</param>
internal sealed record StoredResponse(string Id, ReadOnlyMemory<byte> Json, IReadOnlyList<ChatMessage> Conversation)
{
    // An estimate of what an object takes beside its text.
    private const int Overhead = 200;

    /// <summary>The memory that it takes, about, in bytes. Messages that it shares with earlier responses count as its own.</summary>
    public long Bytes { get; } = Overhead + Json.Length + Conversation.Sum(Size);

    private static long Size(ChatMessage message) => Overhead
        + (sizeof(char) * ((long)(message.Content?.Length ?? 0) + (message.ReasoningContent?.Length ?? 0)))
        + (message.ToolCalls is JsonElement calls ? calls.GetRawText().Length : 0);
}
