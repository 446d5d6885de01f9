using System.Text.Json;
using HunyuanOrleans.Grammar;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Tools;

namespace HunyuanOrleans.Server.Generation;

/// <summary>
/// The constraint that a request puts on the text of its choices: response_format, a parameter of another server (<see cref="FormParameters"/>),
/// or required tool calls.
/// </summary>
/// <param name="Constraint">The constraint. It is not compiled yet, so it may still be invalid.</param>
/// <param name="Parameter">The request parameter that asks for it.</param>
internal sealed record StructuredOutput(ConstraintSpec Constraint, string Parameter)
{
    private const string FormatName = "response_format";

    /// <summary>Reads the parameters. Returns null if they allow any text.</summary>
    /// <exception cref="ApiException">A parameter is invalid, or two exclude each other.</exception>
    public static StructuredOutput? Read(RequestFields fields, ToolChoice tools) => Read(fields, ResponseFormat(fields), tools);

    /// <summary>Reads the parameters of a request that names the format of its text in its own way.</summary>
    /// <param name="fields">The request.</param>
    /// <param name="format">The format; null for any text.</param>
    /// <param name="tools">The tools of the request.</param>
    /// <exception cref="ApiException">A parameter is invalid, or two exclude each other.</exception>
    public static StructuredOutput? Read(RequestFields fields, StructuredOutput? format, ToolChoice tools)
    {
        List<StructuredOutput> requested = [.. FormParameters.Read(fields)];
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

    private static StructuredOutput Calls(ToolChoice tools) => new(
        tools.Format.Marks is { } marks
            ? TaggedCallGrammar.Create(marks, tools.Callable, tools.Single)
            : ToolCallGrammar.Create(tools.Callable, tools.Single),
        "tools");

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
            // llama.cpp takes the schema here too.
            "json_object" => new StructuredOutput(
                format["schema"] is null ? ConstraintSpec.JsonObject : ConstraintSpec.JsonSchema(Schema(format["schema"], "schema")), FormatName),
            "json_schema" => new StructuredOutput(
                ConstraintSpec.JsonSchema(Schema(format.Object("json_schema")?["schema"], "json_schema.schema")), FormatName),
            "structural_tag" => new StructuredOutput(new StructuralTagReader(FormatName).Read(fields[FormatName]!.Value), FormatName),
            _ => throw ApiException.Invalid(
                FormatName, "response_format.type must be \"text\", \"json_object\", \"json_schema\" or \"structural_tag\"."),
        };
    }

    private static string Schema(JsonElement? value, string path) => value switch
    {
        null => throw ApiException.Invalid(FormatName, $"response_format.{path} is missing."),
        { ValueKind: JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False } schema => schema.GetRawText(),
        { } other => throw ApiException.Invalid(FormatName, $"response_format.{path} must be an object, not {RequestFields.Kind(other)}."),
    };
}
