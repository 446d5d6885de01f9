using System.Text;
using System.Text.Json;
using HunyuanOrleans.Text;

namespace HunyuanOrleans.Server.Tools;

/// <summary>A tool call in a choice.</summary>
/// <param name="id">The call's id, which the message with the tool's result refers to.</param>
/// <param name="name">The function's name.</param>
internal sealed class ToolCall(string id, string name)
{
    /// <summary>The call's id.</summary>
    public string Id => id;

    /// <summary>The function's name.</summary>
    public string Name => name;

    /// <summary>The arguments: JSON text as the model wrote it.</summary>
    public StringBuilder Arguments { get; } = new();

    /// <summary>Whether the model has written the whole call.</summary>
    public bool IsComplete { get; set; }

    /// <summary>Writes the arguments as a JSON value: the object that the model wrote, or its text if that is no JSON object. Without any text the object is empty.</summary>
    public void WriteArguments(Utf8JsonWriter writer)
    {
        string text = Arguments.Length == 0 ? "{}" : Arguments.ToString();
        if (ParseObject(text) is JsonElement arguments)
        {
            arguments.WriteTo(writer);
        }
        else
        {
            // A model that is not constrained may write anything. The caller sees what it wrote.
            writer.WriteStringValue(text);
        }
    }

    /// <summary>Writes the call as an element of "tool_calls".</summary>
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, id);
        writer.WriteString("type"u8, "function"u8);
        writer.WriteStartObject("function"u8);
        writer.WriteString("name"u8, name);
        writer.WriteString("arguments"u8, Arguments.ToString());
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static JsonElement? ParseObject(string text)
    {
        try
        {
            JsonElement value = JsonElement.Parse(SurrogateEscapes.Mend(text));
            return value.ValueKind == JsonValueKind.Object ? value : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
