using System.Text.Json;

namespace HunyuanOrleans.Server.Generation;

/// <summary>The tokens that a request used.</summary>
/// <param name="Prompt">Tokens of the prompts.</param>
/// <param name="Cached">Those of them that were found in the prefix cache.</param>
/// <param name="Completion">Tokens of the choices, including stop tokens.</param>
internal readonly record struct TokenUsage(int Prompt, int Cached, int Completion)
{
    /// <summary>Writes the value of the field "usage".</summary>
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteNumber("prompt_tokens"u8, Prompt);
        writer.WriteNumber("completion_tokens"u8, Completion);
        writer.WriteNumber("total_tokens"u8, Prompt + Completion);
        writer.WriteStartObject("prompt_tokens_details"u8);
        writer.WriteNumber("cached_tokens"u8, Cached);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
