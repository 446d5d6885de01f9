using System.Buffers;
using System.Text;
using System.Text.Json;
using HunyuanOrleans.Grammar;
using HunyuanOrleans.Text.Answers;

namespace HunyuanOrleans.Server.Tools;

/// <summary>
/// The grammar of a choice that consists of tool calls as models of type hy_v3 write them and <see cref="TaggedToolCallParser"/> reads them. Arguments come
/// in the order of the schema's properties. Those that may be text are any text; of their schemas, only lists of allowed values are enforced.
/// </summary>
internal static class TaggedCallGrammar
{
    private static readonly string[] Definitions = ["$defs", "definitions"];

    /// <summary>Builds a constraint that allows one or more calls.</summary>
    /// <param name="marks">The model's marks.</param>
    /// <param name="tools">The tools that may be called, at least one.</param>
    /// <param name="single">Whether only one call is allowed.</param>
    public static ConstraintSpec Create(HyV3Marks marks, IReadOnlyList<ToolSpec> tools, bool single) => ConstraintSpec.Sequence(
        ConstraintSpec.Literal(marks.ToolCalls + "\n"),
        ConstraintSpec.Repeat(ConstraintSpec.OneOf([.. tools.Select(tool => Call(marks, tool))]), 1, single ? 1 : null),
        ConstraintSpec.Literal(marks.EndToolCalls));

    private static ConstraintSpec Call(HyV3Marks marks, ToolSpec tool)
    {
        List<ConstraintSpec> parts = [ConstraintSpec.Literal($"{marks.ToolCall}{tool.Name}{marks.ToolSeparator}\n")];
        if (tool.Parameters is { } schema && schema.TryGetProperty("properties", out JsonElement properties) && properties.ValueKind == JsonValueKind.Object)
        {
            HashSet<string> required = Required(schema);
            foreach (JsonProperty property in properties.EnumerateObject())
            {
                ConstraintSpec argument = ConstraintSpec.Sequence(
                    ConstraintSpec.Literal($"{marks.ArgumentKey}{property.Name}{marks.EndArgumentKey}\n{marks.ArgumentValue}"),
                    Value(marks, tool, schema, property),
                    ConstraintSpec.Literal("\n"));
                parts.Add(required.Contains(property.Name) ? argument : ConstraintSpec.Repeat(argument, 0, 1));
            }
        }
        else
        {
            parts.Add(ConstraintSpec.Repeat(
                ConstraintSpec.Sequence(
                    ConstraintSpec.Literal(marks.ArgumentKey),
                    ConstraintSpec.Until(marks.EndArgumentKey),
                    ConstraintSpec.Literal("\n" + marks.ArgumentValue),
                    ConstraintSpec.Until(marks.EndArgumentValue),
                    ConstraintSpec.Literal("\n")),
                0,
                null));
        }

        parts.Add(ConstraintSpec.Literal(marks.EndToolCall + "\n"));
        return ConstraintSpec.Sequence(parts);
    }

    private static ConstraintSpec Value(HyV3Marks marks, ToolSpec tool, JsonElement schema, JsonProperty property)
    {
        HashSet<string> types = ToolArgument.TypesOf(schema, property.Name);
        if (types.Count > 0 && !types.Contains("string"))
        {
            return ConstraintSpec.Sequence(
                ConstraintSpec.ForParameter(tool.Path, ConstraintSpec.JsonSchema(WithDefinitions(schema, property.Value))), ConstraintSpec.Literal(marks.EndArgumentValue));
        }

        return types.Count == 1 && Choices(property.Value) is { Count: > 0 } choices
            ? ConstraintSpec.Sequence(ConstraintSpec.Choice(choices), ConstraintSpec.Literal(marks.EndArgumentValue))
            : ConstraintSpec.Until(marks.EndArgumentValue);
    }

    // References in a property's schema point into the schema of all arguments.
    private static string WithDefinitions(JsonElement schema, JsonElement property)
    {
        if (property.ValueKind != JsonValueKind.Object || !Definitions.Any(name => schema.TryGetProperty(name, out _)))
        {
            return property.GetRawText();
        }

        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer))
        {
            writer.WriteStartObject();
            foreach (string name in Definitions)
            {
                if (schema.TryGetProperty(name, out JsonElement definitions) && !property.TryGetProperty(name, out _))
                {
                    writer.WritePropertyName(name);
                    definitions.WriteTo(writer);
                }
            }

            foreach (JsonProperty part in property.EnumerateObject())
            {
                part.WriteTo(writer);
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static List<string> Choices(JsonElement schema) =>
        schema.TryGetProperty("enum", out JsonElement values) && values.ValueKind == JsonValueKind.Array
            && values.EnumerateArray().All(static value => value.ValueKind == JsonValueKind.String)
            ? [.. values.EnumerateArray().Select(static value => value.GetString()!)]
            : [];

    private static HashSet<string> Required(JsonElement schema) =>
        schema.TryGetProperty("required", out JsonElement names) && names.ValueKind == JsonValueKind.Array
            ? [.. names.EnumerateArray().Where(static name => name.ValueKind == JsonValueKind.String).Select(static name => name.GetString()!)]
            : [];
}
