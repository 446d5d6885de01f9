using System.Buffers;
using System.Text;
using System.Text.Json;
using HunyuanOrleans.Grammar;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Text.Answers;

namespace HunyuanOrleans.Server.Tools;

/// <summary>
/// The grammar of a choice that consists of tool calls, as the models write them and <see cref="ToolCallParser"/> reads them. The tags
/// around them are plain text in the published templates, not special tokens. After the closing tag the choice must end.
/// </summary>
internal static class ToolCallGrammar
{
    /// <summary>Builds a constraint that allows one or more calls, with arguments that match the tools' schemas.</summary>
    /// <param name="tools">The tools that may be called, at least one.</param>
    /// <param name="single">Whether only one call is allowed.</param>
    /// <exception cref="ApiException">A tool's parameters do not describe an object.</exception>
    public static ConstraintSpec Create(IReadOnlyList<ToolSpec> tools, bool single)
    {
        ConstraintSpec call = ConstraintSpec.OneOf([.. tools.Select(Call)]);
        ConstraintSpec first = ConstraintSpec.Sequence(ConstraintSpec.Literal(ToolCallParser.Open + "["), call);
        ConstraintSpec end = ConstraintSpec.Literal("]" + ToolCallParser.Close);
        return single
            ? ConstraintSpec.Sequence(first, end)
            : ConstraintSpec.Sequence(first, ConstraintSpec.Repeat(ConstraintSpec.Sequence(ConstraintSpec.Literal(", "), call), 0, null), end);
    }

    private static ConstraintSpec Call(ToolSpec tool) => ConstraintSpec.Sequence(
        ConstraintSpec.Literal($$"""{"name": "{{tool.Name}}", "arguments": """),
        Arguments(tool),
        ConstraintSpec.Literal("}"));

    private static ConstraintSpec Arguments(ToolSpec tool) => tool.Parameters is JsonElement parameters
        ? ConstraintSpec.ForParameter(tool.Path, ConstraintSpec.JsonSchema(RequireObject(parameters, tool.Path)))
        : ConstraintSpec.JsonObject;

    /// <summary>Sets a schema's type to "object" if it has none or a list that contains it, since arguments are an object.</summary>
    /// <exception cref="ApiException">The schema has another type.</exception>
    private static string RequireObject(JsonElement schema, string path)
    {
        const string name = "type", expected = "object";
        if (schema.TryGetProperty(name, out JsonElement type))
        {
            if (type.ValueKind == JsonValueKind.String && type.ValueEquals(expected))
            {
                return schema.GetRawText();
            }

            if (type.ValueKind != JsonValueKind.Array || !type.EnumerateArray().Any(t => t.ValueKind == JsonValueKind.String && t.ValueEquals(expected)))
            {
                throw ApiException.Invalid(path, $"{path}.type must be \"object\": arguments have names.");
            }
        }

        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString(name, expected);
            foreach (JsonProperty property in schema.EnumerateObject().Where(p => !p.NameEquals(name)))
            {
                property.WriteTo(writer);
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
