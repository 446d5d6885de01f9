using System.Text.Json;
using HunyuanOrleans.Grammar;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Responses;

/// <summary>Reads the parameter text: the format of the text of a response.</summary>
internal static class ResponseTextFormat
{
    private const string FormatName = "text.format";

    /// <summary>Reads the parameter. Returns null if it allows any text.</summary>
    /// <exception cref="ApiException">The parameter is invalid.</exception>
    public static StructuredOutput? Read(RequestFields fields)
    {
        if (fields.Object("text") is not RequestFields text)
        {
            return null;
        }

        if (text.Text("verbosity") is { } verbosity && verbosity != "medium")
        {
            throw ApiException.Invalid("text.verbosity", "text.verbosity other than \"medium\" is not supported; say it in the instructions.", "unsupported_value");
        }

        return text.Object("format") is not RequestFields format ? null : format.Text("type") switch
        {
            "text" => null,
            "json_object" => new StructuredOutput(ConstraintSpec.JsonObject, FormatName),
            "json_schema" => new StructuredOutput(ConstraintSpec.JsonSchema(ReadSchema(format)), FormatName),
            _ => throw ApiException.Invalid(FormatName, "text.format.type must be \"text\", \"json_object\" or \"json_schema\"."),
        };
    }

    private static string ReadSchema(RequestFields format) => format["schema"] switch
    {
        null => throw ApiException.Invalid(FormatName, "text.format.schema is missing."),
        { ValueKind: JsonValueKind.Object } schema => schema.GetRawText(),
        { } other => throw ApiException.Invalid(FormatName, $"text.format.schema must be an object, not {RequestFields.Kind(other)}."),
    };
}
