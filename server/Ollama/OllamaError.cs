using System.Text.Json;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Ollama;

/// <summary>Writes errors as Ollama does: the text is where OpenAI's API has an object.</summary>
internal static class OllamaError
{
    // What is found only after the translation into a chat request has the parameter's name there.
    private static readonly (string Name, string Ours)[] Names =
    [
        ("reasoning_effort", "think"), ("response_format", "format"), ("max_tokens", "options.num_predict"), ("repetition_penalty", "options.repeat_penalty"),
    ];

    /// <summary>Writes {"error": "…"}.</summary>
    public static void Write(Utf8JsonWriter json, ApiException error)
    {
        json.WriteStartObject();
        json.WriteString("error"u8, Rename(error));
        json.WriteEndObject();
    }

    private static string Rename(ApiException error)
    {
        (string name, string ours) = Array.Find(Names, pair => pair.Name == error.Parameter);
        return name is null ? error.Message : error.Message.Replace(name, ours, StringComparison.Ordinal);
    }
}
