using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Responses;

/// <summary>The parameters that a response repeats.</summary>
internal sealed class ResponseSettings
{
    private const int MaxMetadata = 16;

    private static readonly (string Name, JsonElement Default)[] Repeated =
    [
        ("metadata", JsonElement.Parse("{}")),
        ("parallel_tool_calls", JsonElement.Parse("true")),
        ("previous_response_id", JsonElement.Parse("null")),
        ("prompt_cache_key", JsonElement.Parse("null")),
        ("reasoning", JsonElement.Parse("""{"effort":null,"summary":null}""")),
        ("safety_identifier", JsonElement.Parse("null")),
        ("text", JsonElement.Parse("""{"format":{"type":"text"}}""")),
        ("tool_choice", JsonElement.Parse("\"auto\"")),
        ("tools", JsonElement.Parse("[]")),
        ("user", JsonElement.Parse("null")),
    ];

    private readonly List<(string Name, JsonElement Value)> _fields = [];

    /// <summary>The system message before the conversation; null for none.</summary>
    public string? Instructions { get; private init; }

    /// <summary>Whether the response is kept.</summary>
    public bool Store { get; private init; }

    private float Temperature { get; init; }

    private float TopP { get; init; }

    private int? MaxTokens { get; init; }

    /// <summary>Reads the parameters.</summary>
    /// <param name="fields">The request.</param>
    /// <param name="sampling">The sampling parameters of the response.</param>
    /// <param name="maxTokens">The most tokens of the response; null for as many as the model suggests.</param>
    /// <exception cref="ApiException">A parameter is invalid.</exception>
    public static ResponseSettings Read(RequestFields fields, SamplingParams sampling, int? maxTokens)
    {
        CheckMetadata(fields);
        fields.Text("user");
        ResponseSettings settings = new()
        {
            Instructions = fields.Text("instructions"),
            Store = fields.Bool("store") ?? true,
            Temperature = sampling.Temperature,
            TopP = sampling.TopP,
            MaxTokens = maxTokens,
        };
        settings._fields.AddRange(Repeated.Select(field => (field.Name, fields[field.Name]?.Clone() ?? field.Default)));
        return settings;
    }

    /// <summary>Writes the parameters as fields of the response.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteString("instructions"u8, Instructions);
        json.WritePropertyName("max_output_tokens"u8);
        if (MaxTokens is int tokens)
        {
            json.WriteNumberValue(tokens);
        }
        else
        {
            json.WriteNullValue();
        }

        json.WriteBoolean("store"u8, Store);
        json.WriteNumber("temperature"u8, Temperature);
        json.WriteNumber("top_p"u8, TopP);
        json.WriteNumber("top_logprobs"u8, 0);
        json.WriteString("truncation"u8, "disabled"u8);
        json.WriteBoolean("background"u8, false);
        foreach ((string name, JsonElement value) in _fields)
        {
            json.WritePropertyName(name);
            value.WriteTo(json);
        }
    }

    private static void CheckMetadata(RequestFields fields)
    {
        if (fields["metadata"] is JsonElement metadata
            && (metadata.ValueKind != JsonValueKind.Object || metadata.EnumerateObject().Count() > MaxMetadata
                || metadata.EnumerateObject().Any(static entry => entry.Value.ValueKind != JsonValueKind.String)))
        {
            throw ApiException.Invalid("metadata", $"metadata must be an object of at most {MaxMetadata} strings.");
        }
    }
}
