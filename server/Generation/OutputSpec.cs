using System.Text.Json;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Tools;

namespace HunyuanOrleans.Server.Generation;

/// <summary>What form an answer must have: response_format, vLLM's guided_… parameters, and tools that must be called.</summary>
/// <param name="Kind">The form.</param>
/// <param name="Parameter">The parameter that asks for it.</param>
internal sealed record OutputSpec(OutputKind Kind, string Parameter)
{
    /// <summary>JSON schema, where <see cref="Kind"/> is <see cref="OutputKind.JsonSchema"/>.</summary>
    public JsonElement? Schema { get; init; }

    /// <summary>Regular expression or grammar.</summary>
    public string? Pattern { get; init; }

    /// <summary>The answers allowed, where <see cref="Kind"/> is <see cref="OutputKind.Choice"/>.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>The tools of which one must be called, where <see cref="Kind"/> is <see cref="OutputKind.ToolCalls"/>.</summary>
    public IReadOnlyList<ToolSpec> Tools { get; init; } = [];

    /// <summary>Reads the parameters; at most one form may be asked for.</summary>
    /// <exception cref="ApiException">One is wrong, or two contradict each other.</exception>
    public static OutputSpec Read(RequestFields fields, ToolChoice tools)
    {
        List<OutputSpec> asked = [.. Guided(fields)];
        if (ResponseFormat(fields) is OutputSpec format)
        {
            asked.Add(format);
        }

        if (tools.Mode is ToolMode.Required or ToolMode.Named)
        {
            asked.Add(new OutputSpec(OutputKind.ToolCalls, "tool_choice")
            {
                Tools = tools.Name is null ? tools.Tools : [.. tools.Tools.Where(tool => tool.Name == tools.Name)],
            });
        }

        return asked.Count switch
        {
            0 => new OutputSpec(OutputKind.Text, "response_format"),
            1 => asked[0],
            _ => throw ApiException.Invalid(asked[1].Parameter, $"{asked[0].Parameter} and {asked[1].Parameter} exclude each other."),
        };
    }

    /// <summary>Throws for forms that are not offered.</summary>
    public void RequireSupported()
    {
        if (Kind != OutputKind.Text)
        {
            throw ApiException.Invalid(Parameter, $"{Parameter}: answers of a given form are not supported by this server.", "unsupported_value");
        }
    }

    private static OutputSpec? ResponseFormat(RequestFields fields)
    {
        const string name = "response_format";
        if (fields.Object(name) is not RequestFields format)
        {
            return null;
        }

        return format.Text("type") switch
        {
            "text" => null,
            "json_object" => new OutputSpec(OutputKind.JsonObject, name),
            "json_schema" => new OutputSpec(OutputKind.JsonSchema, name)
            {
                Schema = (format.Object("json_schema")?["schema"] ?? throw ApiException.Invalid(name, "response_format.json_schema.schema is missing.")) switch
                {
                    { ValueKind: JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False } schema => schema.Clone(),
                    { } other => throw ApiException.Invalid(name, $"response_format.json_schema.schema must be an object, not {RequestFields.Kind(other)}."),
                },
            },
            _ => throw ApiException.Invalid(name, "response_format.type must be \"text\", \"json_object\" or \"json_schema\"."),
        };
    }

    private static IEnumerable<OutputSpec> Guided(RequestFields fields)
    {
        if (fields["guided_json"] is JsonElement schema)
        {
            yield return new OutputSpec(OutputKind.JsonSchema, "guided_json") { Schema = ReadSchema(schema) };
        }

        if (fields.Text("guided_regex") is { } regex)
        {
            yield return new OutputSpec(OutputKind.Regex, "guided_regex") { Pattern = regex };
        }

        if (fields["guided_choice"] is not null)
        {
            IReadOnlyList<string> choices = fields.Texts("guided_choice");
            yield return choices.Count > 0
                ? new OutputSpec(OutputKind.Choice, "guided_choice") { Choices = choices }
                : throw ApiException.Invalid("guided_choice", "guided_choice must hold at least one answer.");
        }
    }

    // vLLM takes the schema as an object or as a string that spells one.
    private static JsonElement ReadSchema(JsonElement given)
    {
        if (given.ValueKind == JsonValueKind.Object)
        {
            return given.Clone();
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(RequestFields.Text(given, "guided_json"));
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw ApiException.Invalid("guided_json", "guided_json must be a JSON schema, an object.");
        }
        catch (JsonException e)
        {
            throw ApiException.Invalid("guided_json", $"guided_json is not valid JSON: {e.Message}");
        }
    }
}
