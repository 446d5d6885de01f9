using System.Text.Json;

namespace HunyuanOrleans.Text.Templates;

/// <summary>One message of a chat, as chat templates and the OpenAI API know it. Knows nothing of tokens.</summary>
/// <param name="Role">Who speaks: one of <see cref="Roles"/>.</param>
/// <param name="Content">What is said. Null, as in messages that only call tools, renders as the empty string.</param>
public sealed record ChatMessage(string Role, string? Content)
{
    /// <summary>The roles a message can have: system, user, assistant, tool.</summary>
    public static IReadOnlyList<string> Roles { get; } = ["system", "user", "assistant", "tool"];

    /// <summary>The speaker's or the tool's name; null for none.</summary>
    public string? Name { get; init; }

    /// <summary>Which call a tool message answers; null for none.</summary>
    public string? ToolCallId { get; init; }

    /// <summary>What an assistant thought before it answered; null for none.</summary>
    public string? ReasoningContent { get; init; }

    /// <summary>
    /// The calls of an assistant message: an array in OpenAI's form. Arguments given as a string of JSON reach the template as the
    /// object they spell, which is what templates expect. Null for none.
    /// </summary>
    public JsonElement? ToolCalls { get; init; }

    /// <summary>More fields, for templates that know them; those above win over fields of the same name. Null for none.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Extra { get; init; }

    /// <summary>Creates a message of the role system.</summary>
    public static ChatMessage System(string content) => new("system", content);

    /// <summary>Creates a message of the role user.</summary>
    public static ChatMessage User(string content) => new("user", content);

    /// <summary>Creates a message of the role assistant.</summary>
    public static ChatMessage Assistant(string content) => new("assistant", content);

    /// <summary>
    /// Reads an array of messages in OpenAI's form. Content may be a string, null, or a list of text parts, which are joined by line
    /// breaks; the role developer reads as system.
    /// </summary>
    /// <exception cref="TextException">The JSON is no such array; the message names the place.</exception>
    public static IReadOnlyList<ChatMessage> ListFromJson(JsonElement json) => ChatMessageReader.ReadList(json);
}
