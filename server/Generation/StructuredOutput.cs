using System.Text;
using System.Text.Json;
using HunyuanOrleans.Grammar;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Tools;

namespace HunyuanOrleans.Server.Generation;

/// <summary>
/// The constraint that a request puts on the text of its choices: response_format, vLLM's guided_… parameters, or required tool calls.
/// </summary>
/// <param name="Constraint">The constraint. It is not compiled yet, so it may still be invalid.</param>
/// <param name="Parameter">The request parameter that asks for it.</param>
internal sealed record StructuredOutput(ConstraintSpec Constraint, string Parameter)
{
    private const string FormatName = "response_format", JsonName = "guided_json", RegexName = "guided_regex", ChoiceName = "guided_choice";

    // The default limit of JsonDocument.
    private const int MaxDepth = 64;

    /// <summary>Reads the parameters. Returns null if they allow any text.</summary>
    /// <exception cref="ApiException">A parameter is invalid, or two exclude each other.</exception>
    public static StructuredOutput? Read(RequestFields fields, ToolChoice tools)
    {
        StructuredOutput? format = ResponseFormat(fields);
        List<StructuredOutput> requested = [.. Guided(fields)];
        if (tools.MustCall)
        {
            // response_format constrains the message to the user, and a required tool call contains none.
            return requested.Count == 0 ? Calls(tools) : throw Exclude(requested[0].Parameter, "tool_choice");
        }

        if (format is not null)
        {
            requested.Add(tools.MayCall ? FormatOrCalls(format, tools) : format);
        }

        return requested.Count <= 1 ? requested.FirstOrDefault() : throw Exclude(requested[0].Parameter, requested[1].Parameter);
    }

    private static StructuredOutput Calls(ToolChoice tools) => new(ToolCallGrammar.Create(tools.Callable, tools.Single), "tools");

    private static StructuredOutput FormatOrCalls(StructuredOutput format, ToolChoice tools) =>
        format with { Constraint = ConstraintSpec.OneOf(format.Constraint, Calls(tools).Constraint) };

    private static ApiException Exclude(string one, string other) => ApiException.Invalid(other, $"{one} and {other} exclude each other.");

    private static StructuredOutput? ResponseFormat(RequestFields fields)
    {
        if (fields.Object(FormatName) is not RequestFields format)
        {
            return null;
        }

        return format.Text("type") switch
        {
            "text" => null,
            "json_object" => new StructuredOutput(ConstraintSpec.JsonObject, FormatName),
            "json_schema" => new StructuredOutput(
                ConstraintSpec.JsonSchema((format.Object("json_schema")?["schema"] switch
                {
                    null => throw ApiException.Invalid(FormatName, "response_format.json_schema.schema is missing."),
                    { ValueKind: JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False } schema => schema,
                    { } other => throw ApiException.Invalid(
                        FormatName, $"response_format.json_schema.schema must be an object, not {RequestFields.Kind(other)}."),
                }).GetRawText()),
                FormatName),
            _ => throw ApiException.Invalid(FormatName, "response_format.type must be \"text\", \"json_object\" or \"json_schema\"."),
        };
    }

    private static IEnumerable<StructuredOutput> Guided(RequestFields fields)
    {
        if (fields["guided_grammar"] is not null)
        {
            throw ApiException.Invalid("guided_grammar", "guided_grammar is not supported; use guided_json, guided_regex or guided_choice.", "unsupported_value");
        }

        if (fields[JsonName] is JsonElement schema)
        {
            yield return new StructuredOutput(ConstraintSpec.JsonSchema(Schema(schema)), JsonName);
        }

        if (fields.Text(RegexName) is { } regex)
        {
            yield return new StructuredOutput(ConstraintSpec.Regex(regex), RegexName);
        }

        if (fields[ChoiceName] is not null)
        {
            IReadOnlyList<string> choices = fields.Texts(ChoiceName);
            yield return choices.Count > 0
                ? new StructuredOutput(ConstraintSpec.Choice(choices), ChoiceName)
                : throw ApiException.Invalid(ChoiceName, "guided_choice must hold at least one answer.");
        }
    }

    // Like vLLM, this accepts the schema as an object or as a string that contains one.
    private static string Schema(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Object)
        {
            return value.GetRawText();
        }

        string text = RequestFields.Text(value, JsonName);
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind != JsonValueKind.Object ? throw ApiException.Invalid(JsonName, "guided_json must be a JSON schema, an object.")
                : JsonBodyReader.FindUnpairedSurrogate(Encoding.UTF8.GetBytes(text), MaxDepth) is not null ? throw ApiException.Invalid(JsonName, "guided_json holds half of a surrogate pair.")
                : text;
        }
        catch (JsonException e)
        {
            throw ApiException.Invalid(JsonName, $"guided_json is not valid JSON: {e.Message}");
        }
    }
}
