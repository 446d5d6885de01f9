using System.Text.Json;

namespace HunyuanOrleans.Server.Generation;

/// <summary>Tokens that a request used.</summary>
/// <param name="Prompt">Tokens of the prompts.</param>
/// <param name="Cached">Of these, tokens found in the prefix cache.</param>
/// <param name="Answer">Tokens of the answers, stop ids included.</param>
internal readonly record struct AnswerUsage(int Prompt, int Cached, int Answer)
{
    /// <summary>Writes the object usage.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteNumber("prompt_tokens"u8, Prompt);
        writer.WriteNumber("completion_tokens"u8, Answer);
        writer.WriteNumber("total_tokens"u8, Prompt + Answer);
        writer.WriteStartObject("prompt_tokens_details"u8);
        writer.WriteNumber("cached_tokens"u8, Cached);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
