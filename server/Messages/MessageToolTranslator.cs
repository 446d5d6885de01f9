using System.Text.Json;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Messages;

/// <summary>Translates the parameters tools and tool_choice into those of a chat request.</summary>
internal static class MessageToolTranslator
{
    private const string ToolsName = "tools", ChoiceName = "tool_choice";

    /// <summary>Writes the fields "tools", "tool_choice" and "parallel_tool_calls", as far as the request has them.</summary>
    /// <exception cref="ApiException">A tool is invalid, or one that this server does not have.</exception>
    public static void Write(Utf8JsonWriter json, RequestFields fields)
    {
        if (fields[ToolsName] is JsonElement tools)
        {
            if (tools.ValueKind != JsonValueKind.Array)
            {
                throw ApiException.InvalidType(ToolsName, "an array of tools", RequestFields.Kind(tools));
            }

            json.WriteStartArray(ToolsName);
            int index = 0;
            foreach (JsonElement tool in tools.EnumerateArray())
            {
                WriteTool(json, tool, $"tools[{index++}]");
            }

            json.WriteEndArray();
        }

        if (fields.Object(ChoiceName) is RequestFields choice)
        {
            WriteChoice(json, choice);
        }
    }

    private static void WriteTool(Utf8JsonWriter json, JsonElement tool, string path)
    {
        if (tool.ValueKind != JsonValueKind.Object)
        {
            throw ApiException.InvalidType(path, "an object with name and input_schema", RequestFields.Kind(tool), ToolsName);
        }

        RequestFields fields = new(tool, path + ".");
        if (fields.Text("type") is { } type and not "custom")
        {
            throw ApiException.Invalid(
                ToolsName,
                $"{path} is of the type '{(type.Length <= 40 ? type : type[..40] + "…")}', and this server has no tools of its own; give tools with a name and an input_schema.",
                "unsupported_value");
        }

        if (fields["input_examples"] is JsonElement examples && !(examples.ValueKind == JsonValueKind.Array && examples.GetArrayLength() == 0))
        {
            throw ApiException.Invalid(ToolsName, $"{path}.input_examples is not supported; describe the examples in {path}.description.", "unsupported_value");
        }

        string name = fields.Text("name") ?? throw ApiException.Invalid(ToolsName, $"{path}.name is missing.");
        JsonElement schema = fields["input_schema"] is { ValueKind: JsonValueKind.Object } given
            ? given
            : throw ApiException.Invalid(ToolsName, $"{path}.input_schema must be a JSON schema, an object.");
        json.WriteStartObject();
        json.WriteString("type"u8, "function"u8);
        json.WriteStartObject("function"u8);
        json.WriteString("name"u8, name);
        if (fields.Text("description") is { } description)
        {
            json.WriteString("description"u8, description);
        }

        json.WritePropertyName("parameters"u8);
        schema.WriteTo(json);
        if (fields.Bool("strict") is bool strict)
        {
            json.WriteBoolean("strict"u8, strict);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteChoice(Utf8JsonWriter json, RequestFields choice)
    {
        switch (choice.Text("type"))
        {
            case "auto" or "none":
                json.WriteString(ChoiceName, choice.Text("type"));
                break;
            case "any":
                json.WriteString(ChoiceName, "required"u8);
                break;
            case "tool":
                json.WriteStartObject(ChoiceName);
                json.WriteString("type"u8, "function"u8);
                json.WriteStartObject("function"u8);
                json.WriteString("name"u8, choice.Text("name") ?? throw ApiException.Missing("tool_choice.name", "the name of a tool"));
                json.WriteEndObject();
                json.WriteEndObject();
                break;
            default:
                throw ApiException.Invalid(ChoiceName, "tool_choice.type must be \"auto\", \"any\", \"tool\" or \"none\".");
        }

        if (choice.Bool("disable_parallel_tool_use") is true)
        {
            json.WriteBoolean("parallel_tool_calls"u8, false);
        }
    }
}
