using System.Text;
using System.Text.Json;

namespace HunyuanOrleans.Server.Tools;

/// <summary>A call of a tool that an answer holds.</summary>
/// <param name="id">Its id, which the tool's message will name.</param>
/// <param name="name">The function.</param>
internal sealed class ToolCall(string id, string name)
{
    /// <summary>The arguments, JSON as the model wrote it.</summary>
    public StringBuilder Arguments { get; } = new();

    /// <summary>Writes an element of tool_calls.</summary>
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
}
