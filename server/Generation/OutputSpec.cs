using System.Text;
using System.Text.Json;
using HunyuanOrleans.Grammar;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Tools;

namespace HunyuanOrleans.Server.Generation;

/// <summary>What form an answer must have: response_format, vLLM's guided_… parameters, and tools that must be called.</summary>
/// <param name="Form">The form; it is not compiled yet, so it may still be wrong.</param>
/// <param name="Parameter">The parameter that asks for it.</param>
internal sealed record OutputSpec(ConstraintSpec Form, string Parameter)
{
    private const string FormatName = "response_format", JsonName = "guided_json", RegexName = "guided_regex", ChoiceName = "guided_choice";

    // What JsonDocument itself allows where nothing is said.
    private const int MaxDepth = 64;

    /// <summary>Reads the parameters; null where any text will do.</summary>
    /// <exception cref="ApiException">One is wrong, or two contradict each other.</exception>
    public static OutputSpec? Read(RequestFields fields, ToolChoice tools)
    {
        OutputSpec? format = ResponseFormat(fields);
        List<OutputSpec> asked = [.. Guided(fields)];
        if (tools.MustCall)
        {
            // response_format is about what the model says to the user: a call says nothing yet, so there it waits.
            return asked.Count == 0 ? Calls(tools) : throw Exclude(asked[0].Parameter, "tool_choice");
        }

        if (format is not null)
        {
            asked.Add(tools.MayCall ? FormatOrCalls(format, tools) : format);
        }

        return asked.Count <= 1 ? asked.FirstOrDefault() : throw Exclude(asked[0].Parameter, asked[1].Parameter);
    }

    private static OutputSpec Calls(ToolChoice tools) => new(ToolCallGrammar.Of(tools.Callable, tools.Single), "tools");

    private static OutputSpec FormatOrCalls(OutputSpec format, ToolChoice tools) =>
        format with { Form = ConstraintSpec.OneOf(format.Form, Calls(tools).Form) };

    private static ApiException Exclude(string one, string other) => ApiException.Invalid(other, $"{one} and {other} exclude each other.");

    private static OutputSpec? ResponseFormat(RequestFields fields)
    {
        if (fields.Object(FormatName) is not RequestFields format)
        {
            return null;
        }

        return format.Text("type") switch
        {
            "text" => null,
            "json_object" => new OutputSpec(ConstraintSpec.Json, FormatName),
            "json_schema" => new OutputSpec(
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

    private static IEnumerable<OutputSpec> Guided(RequestFields fields)
    {
        if (fields["guided_grammar"] is not null)
        {
            throw ApiException.Invalid("guided_grammar", "guided_grammar is not supported; use guided_json, guided_regex or guided_choice.", "unsupported_value");
        }

        if (fields[JsonName] is JsonElement schema)
        {
            yield return new OutputSpec(ConstraintSpec.JsonSchema(Schema(schema)), JsonName);
        }

        if (fields.Text(RegexName) is { } regex)
        {
            yield return new OutputSpec(ConstraintSpec.Regex(regex), RegexName);
        }

        if (fields[ChoiceName] is not null)
        {
            IReadOnlyList<string> choices = fields.Texts(ChoiceName);
            yield return choices.Count > 0
                ? new OutputSpec(ConstraintSpec.Choice(choices), ChoiceName)
                : throw ApiException.Invalid(ChoiceName, "guided_choice must hold at least one answer.");
        }
    }

    // vLLM takes the schema as an object or as a string that spells one.
    private static string Schema(JsonElement given)
    {
        if (given.ValueKind == JsonValueKind.Object)
        {
            return given.GetRawText();
        }

        string text = RequestFields.Text(given, JsonName);
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind != JsonValueKind.Object ? throw ApiException.Invalid(JsonName, "guided_json must be a JSON schema, an object.")
                : JsonBody.HalfPair(Encoding.UTF8.GetBytes(text), MaxDepth) is not null ? throw ApiException.Invalid(JsonName, "guided_json holds half of a surrogate pair.")
                : text;
        }
        catch (JsonException e)
        {
            throw ApiException.Invalid(JsonName, $"guided_json is not valid JSON: {e.Message}");
        }
    }
}
