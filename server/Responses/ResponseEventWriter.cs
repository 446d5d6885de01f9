using System.IO.Pipelines;
using System.Text.Json;
using HunyuanOrleans.Server.Generation;

namespace HunyuanOrleans.Server.Responses;

/// <summary>Writes the events of a response. Each has a name, which its data repeats, and a number.</summary>
/// <param name="pipe">The response's body.</param>
/// <param name="header">The fields that the response begins with.</param>
/// <param name="first">The number of the first event.</param>
internal sealed class ResponseEventWriter(PipeWriter pipe, ResponseHeader header, int first) : EventWriter(pipe)
{
    /// <summary>The fields that the response begins with.</summary>
    public ResponseHeader Header => header;

    /// <summary>The number of the next event.</summary>
    public int Next { get; private set; } = first;

    /// <summary>Writes an event that holds the whole response.</summary>
    /// <param name="name">The name of the event.</param>
    /// <param name="response">The response as JSON.</param>
    public void WriteResponse(ReadOnlySpan<byte> name, ReadOnlySpan<byte> response)
    {
        Utf8JsonWriter json = Begin(name);
        json.WritePropertyName("response"u8);
        json.WriteRawValue(response, skipInputValidation: true);
        End(json);
    }

    /// <summary>Writes the events with which an item begins.</summary>
    /// <param name="item">The item.</param>
    /// <param name="index">Its index in the output.</param>
    public void WriteBegin(ResponseItem item, int index)
    {
        WriteItem("response.output_item.added"u8, item, index);
        if (item.Kind != ResponseItemKind.FunctionCall)
        {
            WritePart("response.content_part.added"u8, item, index, "");
        }
    }

    /// <summary>Writes new text of an item.</summary>
    /// <param name="item">The item.</param>
    /// <param name="index">Its index in the output.</param>
    /// <param name="text">The text, or a part of the arguments.</param>
    public void WriteDelta(ResponseItem item, int index, string text)
    {
        Utf8JsonWriter json = BeginPart(
            item.Kind switch
            {
                ResponseItemKind.Reasoning => "response.reasoning_text.delta"u8,
                ResponseItemKind.Message => "response.output_text.delta"u8,
                _ => "response.function_call_arguments.delta"u8,
            },
            item, index);
        json.WriteString("delta"u8, text);
        EndText(json, item);
    }

    /// <summary>Writes the events with which an item ends.</summary>
    /// <param name="item">The item, which has ended.</param>
    /// <param name="index">Its index in the output.</param>
    public void WriteEnd(ResponseItem item, int index)
    {
        string text = item.Text.ToString();
        if (item.Kind == ResponseItemKind.FunctionCall)
        {
            Utf8JsonWriter json = BeginPart("response.function_call_arguments.done"u8, item, index);
            json.WriteString("name"u8, item.Name);
            json.WriteString("arguments"u8, text);
            End(json);
        }
        else
        {
            Utf8JsonWriter json = BeginPart(
                item.Kind == ResponseItemKind.Reasoning ? "response.reasoning_text.done"u8 : "response.output_text.done"u8, item, index);
            json.WriteString("text"u8, text);
            EndText(json, item);
            WritePart("response.content_part.done"u8, item, index, text);
        }

        WriteItem("response.output_item.done"u8, item, index);
    }

    private void WriteItem(ReadOnlySpan<byte> name, ResponseItem item, int index)
    {
        Utf8JsonWriter json = Begin(name);
        json.WriteNumber("output_index"u8, index);
        json.WritePropertyName("item"u8);
        item.Write(json);
        End(json);
    }

    private void WritePart(ReadOnlySpan<byte> name, ResponseItem item, int index, string text)
    {
        Utf8JsonWriter json = BeginPart(name, item, index);
        json.WritePropertyName("part"u8);
        item.WritePart(json, text);
        End(json);
    }

    private Utf8JsonWriter Begin(ReadOnlySpan<byte> name)
    {
        Utf8JsonWriter json = BeginEvent(name);
        json.WriteStartObject();
        json.WriteString("type"u8, name);
        json.WriteNumber("sequence_number"u8, Next++);
        return json;
    }

    private Utf8JsonWriter BeginPart(ReadOnlySpan<byte> name, ResponseItem item, int index)
    {
        Utf8JsonWriter json = Begin(name);
        json.WriteString("item_id"u8, item.Id);
        json.WriteNumber("output_index"u8, index);
        if (item.Kind != ResponseItemKind.FunctionCall)
        {
            json.WriteNumber("content_index"u8, 0);
        }

        return json;
    }

    private void EndText(Utf8JsonWriter json, ResponseItem item)
    {
        if (item.Kind == ResponseItemKind.Message)
        {
            json.WriteStartArray("logprobs"u8);
            json.WriteEndArray();
        }

        End(json);
    }

    private void End(Utf8JsonWriter json)
    {
        json.WriteEndObject();
        EndEvent();
    }
}
