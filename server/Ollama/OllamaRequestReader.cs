using System.Text.Json;
using System.Text.Json.Nodes;
using HunyuanOrleans.Server.Chat;
using HunyuanOrleans.Server.Completions;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Ollama;

/// <summary>
/// Translates Ollama's requests to those of chat or text completions, so that their parameters mean and allow the same. What only concerns
/// Ollama's own engine, such as keep_alive and num_gpu, is accepted and changes nothing.
/// </summary>
internal static class OllamaRequestReader
{
    private static readonly (string Name, string Target)[] Options =
    [
        ("temperature", "temperature"), ("top_p", "top_p"), ("top_k", "top_k"), ("min_p", "min_p"), ("seed", "seed"), ("stop", "stop"),
        ("repeat_penalty", "repetition_penalty"), ("presence_penalty", "presence_penalty"), ("frequency_penalty", "frequency_penalty"),
    ];

    // Those that change an answer and are not there, with the values that change nothing.
    private static readonly (string Name, double Neutral)[] Unsupported =
        [("mirostat", 0), ("tfs_z", 1), ("typical_p", 1), ("repeat_last_n", -1), ("penalize_newline", 1)];

    // As deep as a request may be, see ServerOptions.MaxJsonDepth, and what the translation adds.
    private static readonly JsonSerializerOptions DeepJson = new() { MaxDepth = 1010 };

    private static readonly JsonDocumentOptions DeepDocuments = new() { MaxDepth = 1010 };

    /// <summary>Reads a request of /api/chat.</summary>
    public static OllamaRequest ReadChat(RequestFields fields, ServedModel model, ServerOptions options)
    {
        CheckModel(fields, model);
        JsonObject request = Common(fields);
        if (fields["messages"] is not { ValueKind: JsonValueKind.Array } messages || messages.GetArrayLength() == 0)
        {
            return new OllamaRequest(null, false, Streams(fields));
        }

        request["messages"] = new JsonArray([.. messages.EnumerateArray().Select(Message)]);
        if (fields["tools"] is { ValueKind: JsonValueKind.Array } tools && tools.GetArrayLength() > 0)
        {
            request["tools"] = Copy(tools);
        }

        return Create(request, ChatRequestReader.Read, model, options, isChat: true, fields);
    }

    /// <summary>Reads a request of /api/generate.</summary>
    public static OllamaRequest ReadGenerate(RequestFields fields, ServedModel model, ServerOptions options)
    {
        CheckModel(fields, model);
        foreach (string name in (string[])["suffix", "template", "context", "images"])
        {
            if (fields[name] is { } value && !IsEmpty(value))
            {
                throw ApiException.Invalid(name, $"{name} is not supported; leave it out.", "unsupported_value");
            }
        }

        string prompt = fields.Text("prompt") ?? "";
        if (prompt.Length == 0)
        {
            return new OllamaRequest(null, false, Streams(fields));
        }

        JsonObject request = Common(fields);
        if (fields.Bool("raw") ?? false)
        {
            request["prompt"] = prompt;
            request["max_tokens"] ??= PromptLimits.DefaultMaxTokens(model, 0);
            return Create(request, CompletionRequestReader.Read, model, options, isChat: false, fields);
        }

        JsonArray messages = [];
        if (fields.Text("system") is { Length: > 0 } system)
        {
            messages.Add(new JsonObject { ["role"] = "system", ["content"] = system });
        }

        messages.Add(new JsonObject { ["role"] = "user", ["content"] = prompt });
        request["messages"] = messages;
        return Create(request, ChatRequestReader.Read, model, options, isChat: false, fields);
    }

    /// <summary>Checks the name of a model, which may end with the tag "latest".</summary>
    /// <exception cref="ApiException">The server has another model.</exception>
    public static void CheckModel(RequestFields fields, ServedModel model)
    {
        string? name = fields.Text("model") ?? fields.Text("name");
        if (name is not null && name != model.Name && name != model.Name + OllamaModels.Tag)
        {
            throw RequestReader.NotFound(name, model);
        }
    }

    private static OllamaRequest Create(
        JsonObject request, Func<RequestFields, ServedModel, ServerOptions, GenerationJob> read, ServedModel model, ServerOptions options, bool isChat,
        RequestFields fields)
    {
        bool stream = Streams(fields);
        request["stream"] = stream;
        using JsonDocument document = JsonDocument.Parse(request.ToJsonString(DeepJson), DeepDocuments);
        return new OllamaRequest(read(new RequestFields(document.RootElement), model, options), isChat, stream);
    }

    // Ollama streams unless it is told not to.
    private static bool Streams(RequestFields fields) => fields.Bool("stream") ?? true;

    private static JsonObject Common(RequestFields fields)
    {
        JsonObject request = [];
        if (fields.Object("options") is RequestFields options)
        {
            foreach ((string name, string target) in Options)
            {
                if (options[name] is { } value)
                {
                    request[target] = Copy(value);
                }
            }

            foreach ((string name, double neutral) in Unsupported)
            {
                if (options[name] is { } value && value.ValueKind != JsonValueKind.True && !(value.ValueKind == JsonValueKind.Number && value.GetDouble() == neutral))
                {
                    throw ApiException.Invalid("options." + name, $"options.{name} is not supported; leave it out.", "unsupported_value");
                }
            }

            // -1 and -2 mean as many as fit.
            if (options.Int("num_predict") is int most and > 0)
            {
                request["max_tokens"] = most;
            }
        }

        if (fields["format"] is { } format && !IsEmpty(format))
        {
            request["response_format"] = format.ValueKind == JsonValueKind.Object
                ? new JsonObject { ["type"] = "json_schema", ["json_schema"] = new JsonObject { ["name"] = "format", ["schema"] = Copy(format) } }
                : format.ValueKind == JsonValueKind.String && format.ValueEquals("json") ? new JsonObject { ["type"] = "json_object" }
                : throw ApiException.Invalid("format", "format must be \"json\" or a JSON schema, an object.");
        }

        switch (fields["think"])
        {
            case null:
                break;
            case { ValueKind: JsonValueKind.True }:
                request["reasoning_effort"] = "medium";
                break;
            case { ValueKind: JsonValueKind.False }:
                request["reasoning_effort"] = "none";
                break;
            case { ValueKind: JsonValueKind.String } effort:
                request["reasoning_effort"] = effort.GetString();
                break;
            case { } other:
                throw ApiException.InvalidType("think", "true, false or an effort", RequestFields.Kind(other));
        }

        return request;
    }

    private static JsonNode? Message(JsonElement message)
    {
        JsonNode? node = Copy(message);
        if (node is not JsonObject fields)
        {
            return node;
        }

        if (fields["images"] is JsonArray { Count: > 0 })
        {
            throw ApiException.Invalid("messages", "images are not supported: these models read text only.", "unsupported_value");
        }

        fields.Remove("images");
        if (fields["thinking"] is { } thinking)
        {
            fields.Remove("thinking");
            fields["reasoning_content"] = thinking;
        }

        if (fields["tool_name"] is { } name)
        {
            fields.Remove("tool_name");
            fields["name"] = name;
        }

        return fields;
    }

    private static JsonNode? Copy(JsonElement value) => JsonNode.Parse(value.GetRawText(), documentOptions: DeepDocuments);

    private static bool IsEmpty(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.ValueEquals(""),
        JsonValueKind.Array => value.GetArrayLength() == 0,
        _ => false,
    };
}

/// <summary>A request in Ollama's shape.</summary>
/// <param name="Job">What to generate; null if the request only asks for the model to be loaded.</param>
/// <param name="IsChat">Whether the response holds a message, and not a text.</param>
/// <param name="Stream">Whether the response is streamed.</param>
internal sealed record OllamaRequest(GenerationJob? Job, bool IsChat, bool Stream);
