using System.Text.Json;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Ollama;

/// <summary>Writes errors as Ollama does: the text is where OpenAI's API has an object.</summary>
internal static class OllamaError
{
    // What is found only after the translation into a chat request has the parameter's name there.
    private static readonly (string Name, string Ours)[] Names =
        [("reasoning_effort", "think"), ("response_format", "format"), ("max_tokens", "options.num_predict")];

    /// <summary>Writes {"error": "…"}.</summary>
    public static void Write(Utf8JsonWriter json, ApiException error)
    {
        json.WriteStartObject();
        json.WriteString("error"u8, Rename(error));
        json.WriteEndObject();
    }

    private static string Rename(ApiException error)
    {
        foreach ((string name, string ours) in Names)
        {
            if (name == error.Parameter)
            {
                return error.Message.Replace(name, ours, StringComparison.Ordinal);
            }
        }

        // An option's name may also be a word of the message, as in "number of stop strings".
        foreach ((string name, string target) in OllamaOptions.Translated)
        {
            if (target == error.Parameter)
            {
                return error.Message.StartsWith(target, StringComparison.Ordinal) ? $"options.{name}{error.Message[target.Length..]}" : $"options.{name}: {error.Message}";
            }
        }

        return error.Message;
    }
}
