using System.Text.Json;

namespace HunyuanOrleans.Text.Templates;

/// <summary>The input of a chat template.</summary>
public sealed record ChatTemplateInput
{
    private static readonly string[] Reserved = ["messages", "tools", "documents", "add_generation_prompt"];

    /// <summary>The messages of the chat, oldest first; at least one.</summary>
    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    /// <summary>The tools that the model may call, each an object as in the OpenAI API. Null or empty for none.</summary>
    public IReadOnlyList<JsonElement>? Tools { get; init; }

    /// <summary>Whether an answer follows, so that the template adds the marker of its start. Default true.</summary>
    public bool AddGenerationPrompt { get; init; } = true;

    /// <summary>
    /// Whether the model continues the last message, which must be the assistant's: the text ends where that message's content ends. It excludes
    /// <see cref="AddGenerationPrompt"/>. Default false.
    /// </summary>
    public bool ContinueFinalMessage { get; init; }

    /// <summary>
    /// More variables of the template, such as enable_thinking (chat_template_kwargs in requests). Their text counts as text of the
    /// request, so it cannot contain special tokens. Null for none.
    /// </summary>
    public IReadOnlyDictionary<string, JsonElement>? Variables { get; init; }

    internal void Validate()
    {
        if (Messages is null || Messages.Count == 0)
        {
            throw new TextException("A chat needs at least one message; messages is empty.");
        }

        for (int i = 0; i < Messages.Count; i++)
        {
            ChatMessage message = Messages[i] ?? throw new TextException($"messages[{i}] is null.");
            if (!ChatMessage.Roles.Contains(message.Role))
            {
                throw new TextException($"messages[{i}].role is '{message.Role}'; allowed are {string.Join(", ", ChatMessage.Roles)}.");
            }

            if (message.ToolCalls is { ValueKind: not (JsonValueKind.Array or JsonValueKind.Null or JsonValueKind.Undefined) })
            {
                throw new TextException($"messages[{i}].tool_calls must be an array.");
            }
        }

        if (ContinueFinalMessage)
        {
            ContinuationException.Check(this);
        }

        if (Variables?.Keys.FirstOrDefault(Reserved.Contains) is { } name)
        {
            throw new TextException($"The template variable '{name}' cannot be set by a request; {string.Join(", ", Reserved)} are reserved.")
            {
                Variable = name,
            };
        }
    }
}
