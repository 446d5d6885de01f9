using System.Buffers;
using System.Text.Json;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Tools;
using HunyuanOrleans.Text.Templates;

namespace HunyuanOrleans.Server.Responses;

/// <summary>Creates the message of a chat that the assistant's items stand for.</summary>
internal static class AssistantMessage
{
    /// <summary>Creates the message.</summary>
    /// <param name="content">The text for the user; null for none.</param>
    /// <param name="reasoning">The reasoning; null or empty for none.</param>
    /// <param name="calls">The tool calls.</param>
    public static ChatMessage Create(string? content, string? reasoning, IReadOnlyList<ToolCall> calls) => new("assistant", content)
    {
        ReasoningContent = string.IsNullOrEmpty(reasoning) ? null : reasoning,
        ToolCalls = calls.Count == 0 ? null : ToJson(calls),
    };

    private static JsonElement ToJson(IReadOnlyList<ToolCall> calls)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer, JsonResponse.Format))
        {
            writer.WriteStartArray();
            foreach (ToolCall call in calls)
            {
                call.Write(writer);
            }

            writer.WriteEndArray();
        }

        using JsonDocument document = JsonDocument.Parse(buffer.WrittenMemory);
        return document.RootElement.Clone();
    }
}
