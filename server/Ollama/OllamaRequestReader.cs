using System.Text.Json;
using HunyuanOrleans.Server.Chat;
using HunyuanOrleans.Server.Completions;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Ollama;

/// <summary>
/// Translates Ollama's requests to those of chat or text completions, so that their parameters mean and allow the same. What only concerns
/// Ollama's own engine, such as keep_alive, is accepted and changes nothing.
/// </summary>
internal static class OllamaRequestReader
{
    private const string LengthName = "options.num_predict";

    private static readonly string[] Unsupported = ["suffix", "template", "context", "images"];

    /// <summary>Reads a request of /api/chat.</summary>
    /// <returns>What to generate; null if the request only asks for the model to be loaded.</returns>
    /// <exception cref="ApiException">A parameter is invalid.</exception>
    public static GenerationJob? ReadChat(RequestFields fields, ServedModel model, ServerOptions options)
    {
        bool stream = Streams(fields);
        JsonElement? messages = fields["messages"] switch
        {
            null => null,
            { ValueKind: JsonValueKind.Array } list => list.GetArrayLength() == 0 ? null : list,
            { } other => throw ApiException.InvalidType("messages", "an array of messages", RequestFields.Kind(other)),
        };
        return messages is not JsonElement given ? null : ReadChat(fields, model, options, json =>
        {
            json.WriteBoolean("stream"u8, stream);
            json.WriteStartArray("messages"u8);
            foreach (JsonElement message in given.EnumerateArray())
            {
                WriteMessage(json, message);
            }

            json.WriteEndArray();
            fields.Copy(json, "tools");
        });
    }

    /// <summary>Reads a request of /api/generate.</summary>
    /// <returns>What to generate; null if the request only asks for the model to be loaded.</returns>
    /// <exception cref="ApiException">A parameter is invalid.</exception>
    public static GenerationJob? ReadGenerate(RequestFields fields, ServedModel model, ServerOptions options)
    {
        foreach (string name in Unsupported)
        {
            if (fields[name] is { } value && !IsEmpty(value))
            {
                throw ApiException.Invalid(name, $"{name} is not supported; leave it out.", "unsupported_value");
            }
        }

        bool stream = Streams(fields);
        string prompt = fields.Text("prompt") ?? "", system = fields.Text("system") ?? "";
        bool raw = fields.Bool("raw") ?? false;
        if (prompt.Length == 0)
        {
            return null;
        }

        if (raw)
        {
            return ReadRaw(fields, prompt, stream, model, options);
        }

        return ReadChat(fields, model, options, json =>
        {
            json.WriteBoolean("stream"u8, stream);
            json.WriteStartArray("messages"u8);
            if (system.Length > 0)
            {
                WriteText(json, "system", system);
            }

            WriteText(json, "user", prompt);
            json.WriteEndArray();
        });
    }

    /// <summary>Finds the model that a request names; the name may end with the tag "latest".</summary>
    /// <exception cref="ApiException">The server does not have it.</exception>
    public static ServedModel FindModel(RequestFields fields, ServedModel model)
    {
        string? name = fields.Text("model") ?? fields.Text("name");
        if (name is null)
        {
            return model;
        }

        string bare = name.EndsWith(OllamaModels.Tag, StringComparison.Ordinal) ? name[..^OllamaModels.Tag.Length] : name;
        return model.Find(name) ?? model.Find(bare) ?? throw RequestReader.NotFound(name, model);
    }

    private static GenerationJob ReadChat(RequestFields fields, ServedModel model, ServerOptions options, Action<Utf8JsonWriter> writeChat)
    {
        int? length = ReadLength(fields);
        using JsonDocument request = TranslatedRequest.Create(json =>
        {
            WriteCommon(json, fields, length);
            WriteThink(json, fields);
            fields.Copy(json, "logprobs");
            fields.Copy(json, "top_logprobs");
            writeChat(json);
        });
        GenerationJob job = ChatRequestReader.Read(new RequestFields(request.RootElement), model, options);
        return length < 0 ? WithLength(job, null) : job;
    }

    private static GenerationJob ReadRaw(RequestFields fields, string prompt, bool stream, ServedModel model, ServerOptions options)
    {
        foreach (string name in (string[])["system", "think"])
        {
            if (fields[name] is { } value && !IsEmpty(value))
            {
                throw ApiException.Invalid(name, $"{name} and raw exclude each other: a raw prompt is the whole text that the model reads.", "unsupported_value");
            }
        }

        int? length = ReadLength(fields);
        int? logprobs = ChatRequestReader.ReadLogprobs(fields);
        using JsonDocument request = TranslatedRequest.Create(json =>
        {
            WriteCommon(json, fields, length);
            json.WriteBoolean("stream"u8, stream);
            json.WriteString("prompt"u8, prompt);
            if (logprobs is int alternatives)
            {
                json.WriteNumber("logprobs"u8, alternatives);
            }
        });
        GenerationJob job = CompletionRequestReader.Read(new RequestFields(request.RootElement), model, options) with { Answer = AnswerOptions.Text };
        return length > 0 ? job : WithLength(job, length is null ? PromptLimits.DefaultMaxTokens(model, job.Requests[0].PromptIds.Length) : null);
    }

    private static GenerationJob WithLength(GenerationJob job, int? maxTokens) => job with { Requests = [job.Requests[0] with { MaxTokens = maxTokens }] };

    // Null for the model's suggestion; less than 0 for as many tokens as fit.
    private static int? ReadLength(RequestFields fields) => fields.Object("options")?.Int("num_predict", -2) is int length
        ? length != 0 ? length : throw ApiException.Invalid(LengthName, $"{LengthName} is 0; allowed: -1 or -2 for as many tokens as fit, or whole numbers from 1 on.")
        : null;

    // Ollama streams unless it is told not to.
    private static bool Streams(RequestFields fields) => fields.Bool("stream") ?? true;

    private static void WriteCommon(Utf8JsonWriter json, RequestFields fields, int? length)
    {
        if (fields.Object("options") is RequestFields options)
        {
            OllamaOptions.Write(json, options);
        }

        if (length > 0)
        {
            json.WriteNumber("max_tokens"u8, length.Value);
        }

        if (fields["format"] is not JsonElement format || IsEmpty(format))
        {
            return;
        }

        json.WriteStartObject("response_format"u8);
        if (format.ValueKind == JsonValueKind.Object)
        {
            json.WriteString("type"u8, "json_schema"u8);
            json.WriteStartObject("json_schema"u8);
            json.WriteString("name"u8, "format"u8);
            json.WritePropertyName("schema"u8);
            format.WriteTo(json);
            json.WriteEndObject();
        }
        else
        {
            json.WriteString("type"u8, format.ValueKind == JsonValueKind.String && format.ValueEquals("json")
                ? "json_object"
                : throw ApiException.Invalid("format", "format must be \"json\" or a JSON schema, an object."));
        }

        json.WriteEndObject();
    }

    private static void WriteThink(Utf8JsonWriter json, RequestFields fields)
    {
        string? effort = fields["think"] switch
        {
            null => null,
            { ValueKind: JsonValueKind.True } => "medium",
            { ValueKind: JsonValueKind.False } => "none",
            { ValueKind: JsonValueKind.String } given => given.GetString(),
            { } other => throw ApiException.InvalidType("think", "true, false or an effort", RequestFields.Kind(other)),
        };
        if (effort is not null)
        {
            json.WriteString("reasoning_effort"u8, effort);
        }
    }

    private static void WriteMessage(Utf8JsonWriter json, JsonElement message)
    {
        if (message.ValueKind != JsonValueKind.Object)
        {
            message.WriteTo(json);
            return;
        }

        json.WriteStartObject();
        foreach (JsonProperty property in message.EnumerateObject())
        {
            if (!property.NameEquals("images"))
            {
                json.WritePropertyName(property.NameEquals("thinking") ? "reasoning_content" : property.NameEquals("tool_name") ? "name" : property.Name);
                property.Value.WriteTo(json);
            }
            else if (property.Value.ValueKind != JsonValueKind.Null && !IsEmpty(property.Value))
            {
                throw ApiException.Invalid("messages", "images are not supported: these models read text only.", "unsupported_value");
            }
        }

        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, string role, string text)
    {
        json.WriteStartObject();
        json.WriteString("role"u8, role);
        json.WriteString("content"u8, text);
        json.WriteEndObject();
    }

    private static bool IsEmpty(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.ValueEquals(""),
        JsonValueKind.Array => value.GetArrayLength() == 0,
        _ => false,
    };
}
