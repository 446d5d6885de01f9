namespace HunyuanOrleans.Text.Templates;

/// <summary>The last message of a chat cannot be continued.</summary>
public sealed class ContinuationException : TextException
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">The reason, for users.</param>
    public ContinuationException(string message)
        : base(message)
    {
    }

    internal static void Check(ChatTemplateInput input)
    {
        ChatMessage last = input.Messages[^1];
        string? problem = input switch
        {
            { AddGenerationPrompt: true } => "add_generation_prompt starts a new message, so the last one cannot be continued. Only one of both may be true.",
            _ when last.Role != "assistant" => $"The last message is the {last.Role}'s; only the assistant's can be continued.",
            _ when last.ToolCalls is { ValueKind: System.Text.Json.JsonValueKind.Array } => "The last message calls tools; only text can be continued.",
            _ when string.IsNullOrWhiteSpace(last.Content) => "The last message has no text that could be continued.",
            _ => null,
        };
        if (problem is not null)
        {
            throw new ContinuationException(problem);
        }
    }
}
