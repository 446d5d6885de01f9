using System.Text.Json;
using HunyuanOrleans.Server.Chat;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Tools;

namespace HunyuanOrleans.Server.Messages;

/// <summary>
/// Reads a request in Anthropic's format. It translates the request into a chat request, so that both formats have the same prompts, tools and
/// limits; only the format of the response differs.
/// </summary>
internal static class MessagesRequestReader
{
    // These change what the model reads or where it runs, so they must not be ignored.
    private static readonly string[] Refused = ["container", "context_management", "inference_geo", "mcp_servers"];

    // They mean the same in both formats.
    private static readonly string[] Copied = ["model", "stream", "temperature", "top_p", "top_k"];

    /// <summary>Reads and validates a request.</summary>
    /// <param name="fields">The request.</param>
    /// <param name="model">The served model.</param>
    /// <param name="options">The server's limits.</param>
    /// <exception cref="ApiException">A parameter is invalid.</exception>
    public static GenerationJob Read(RequestFields fields, ServedModel model, ServerOptions options)
    {
        int maxTokens = fields.Int("max_tokens", 1) ?? throw ApiException.Missing("max_tokens", "a whole number from 1 on");
        using JsonDocument chat = Translate(fields, model, options, maxTokens);
        GenerationJob job = ChatRequestReader.Read(new RequestFields(chat.RootElement), model, options);
        return job with { Format = new MessagesFormat(job.Answer!.ShowReasoning) };
    }

    /// <summary>Reads a request without answering it, and returns the tokens of its prompt.</summary>
    /// <param name="fields">The request. It needs no limit of the answer.</param>
    /// <param name="model">The served model.</param>
    /// <param name="options">The server's limits.</param>
    /// <exception cref="ApiException">A parameter is invalid.</exception>
    public static int CountTokens(RequestFields fields, ServedModel model, ServerOptions options)
    {
        using JsonDocument chat = Translate(fields, model, options, fields.Int("max_tokens", 1));
        RequestFields translated = new(chat.RootElement);
        return ChatRequestReader.Encode(translated, model, ToolChoice.Read(translated), ReasoningParameters.Read(translated, model, options), options).Length;
    }

    private static JsonDocument Translate(RequestFields fields, ServedModel model, ServerOptions options, int? maxTokens)
    {
        foreach (string name in Refused)
        {
            if (fields[name] is JsonElement value && !(value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0))
            {
                throw ApiException.Invalid(name, $"{name} is not supported; leave it out.", "unsupported_value");
            }
        }

        return TranslatedRequest.Create(json =>
        {
            new MessageListTranslator(json).Write(fields);
            MessageToolTranslator.Write(json, fields);
            ThinkingTranslator.Write(json, fields, maxTokens, reasons: options.FindReasoning(model) is not null);
            WriteLimits(json, fields, maxTokens);
        });
    }

    private static void WriteLimits(Utf8JsonWriter json, RequestFields fields, int? maxTokens)
    {
        foreach (string name in Copied)
        {
            fields.Copy(json, name);
        }

        if (maxTokens is int limit)
        {
            json.WriteNumber("max_tokens"u8, limit);
        }

        if (fields["stop_sequences"] is JsonElement stops)
        {
            if (stops.ValueKind != JsonValueKind.Array)
            {
                throw ApiException.InvalidType("stop_sequences", "an array of strings", RequestFields.Kind(stops));
            }

            json.WriteStartArray("stop"u8);
            foreach (string stop in fields.Texts("stop_sequences"))
            {
                json.WriteStringValue(stop.Length > 0 ? stop : throw ApiException.Invalid("stop_sequences", "stop_sequences must not hold an empty text."));
            }

            json.WriteEndArray();
        }
    }
}
