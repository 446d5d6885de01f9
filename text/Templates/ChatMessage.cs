using System.Text.Json;

namespace HunyuanOrleans.Text.Templates;

/// <summary>A message of a chat, as in chat templates and the OpenAI API.</summary>
/// <param name="Role">The author's role: one of <see cref="Roles"/>.</param>
/// <param name="Content">The text. Null, as in messages that only call tools, renders as the empty string.</param>
public sealed record ChatMessage(string Role, string? Content)
{
    /// <summary>The allowed roles: system, user, assistant, tool.</summary>
    public static IReadOnlyList<string> Roles { get; } = ["system", "user", "assistant", "tool"];

    /// <summary>The name of the author or the tool; null for none.</summary>
    public string? Name { get; init; }

    /// <summary>The id of the call that a tool message answers; null for none.</summary>
    public string? ToolCallId { get; init; }

    /// <summary>The reasoning of the assistant before its answer; null for none.</summary>
    public string? ReasoningContent { get; init; }

    /// <summary>
    /// The tool calls of an assistant message, an array as in the OpenAI API. Arguments in a JSON string are passed to the template as
    /// the parsed object, which is what templates expect. Null for none.
    /// </summary>
    public JsonElement? ToolCalls { get; init; }

    /// <summary>More fields, for templates that read them. The properties above take precedence over fields of the same name. Null for none.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Extra { get; init; }

    /// <summary>Creates a system message.</summary>
    public static ChatMessage System(string content) => new("system", content);

    /// <summary>Creates a user message.</summary>
    public static ChatMessage User(string content) => new("user", content);

    /// <summary>Creates an assistant message.</summary>
    public static ChatMessage Assistant(string content) => new("assistant", content);

    /// <summary>
    /// Reads an array of messages as in the OpenAI API. Content may be a string, null, or a list of text parts, which are joined by line
    /// breaks. The role developer is read as system.
    /// </summary>
    /// <exception cref="TextException">The JSON is malformed; the message names the location.</exception>
    public static IReadOnlyList<ChatMessage> ListFromJson(JsonElement json) => ChatMessageReader.ReadList(json);
}
