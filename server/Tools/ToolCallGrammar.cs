using System.Buffers;
using System.Text;
using System.Text.Json;
using HunyuanOrleans.Grammar;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Text.Tools;

namespace HunyuanOrleans.Server.Tools;

/// <summary>
/// Calls of tools as an answer's only form, spelled as the models write them and as <see cref="ToolCallParser"/> reads them. The marks
/// are text in the published templates, no special tokens; after the last one the answer can only end.
/// </summary>
internal static class ToolCallGrammar
{
    /// <summary>One call or more, with arguments that fit the schemas.</summary>
    /// <param name="tools">The tools that may be called, at least one.</param>
    /// <param name="single">Whether there is one call only.</param>
    /// <exception cref="ApiException">A tool's parameters describe no object.</exception>
    public static ConstraintSpec Of(IReadOnlyList<ToolSpec> tools, bool single)
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
        ? ConstraintSpec.Named(tool.Place, ConstraintSpec.JsonSchema(ObjectsOnly(parameters, tool.Place)))
        : ConstraintSpec.Json;

    /// <summary>Arguments are an object, whether the schema says so or leaves it out.</summary>
    private static string ObjectsOnly(JsonElement schema, string place)
    {
        const string name = "type", wanted = "object";
        if (schema.TryGetProperty(name, out JsonElement type))
        {
            if (type.ValueKind == JsonValueKind.String && type.ValueEquals(wanted))
            {
                return schema.GetRawText();
            }

            if (type.ValueKind != JsonValueKind.Array || !type.EnumerateArray().Any(t => t.ValueKind == JsonValueKind.String && t.ValueEquals(wanted)))
            {
                throw ApiException.Invalid(place, $"{place}.type must be \"object\": arguments have names.");
            }
        }

        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString(name, wanted);
            foreach (JsonProperty property in schema.EnumerateObject().Where(p => !p.NameEquals(name)))
            {
                property.WriteTo(writer);
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
