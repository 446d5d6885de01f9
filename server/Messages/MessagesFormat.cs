using System.IO.Pipelines;
using System.Text.Json;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Messages;

/// <summary>The format of Anthropic's messages. A response has one choice.</summary>
/// <param name="showThinking">Whether the response contains the reasoning.</param>
internal sealed class MessagesFormat(bool showThinking) : IResponseFormat
{
    private readonly MessageChoiceFormat _choice = new(showThinking);
    private ResponseHeader? _header;

    /// <inheritdoc/>
    public string Operation => "chat";

    /// <inheritdoc/>
    public string IdPrefix => "msg_";

    /// <inheritdoc/>
    public IChoiceFormat CreateChoice(int index, int prompt) => _choice;

    /// <inheritdoc/>
    public void WriteResponse(Utf8JsonWriter writer, ResponseHeader header, IReadOnlyList<IChoiceFormat> choices, in TokenUsage usage)
    {
        WriteHeader(writer, header);
        choices[0].WriteComplete(writer);
        WriteUsage(writer, usage);
        writer.WriteEndObject();
    }

    /// <inheritdoc/>
    public EventWriter CreateWriter(PipeWriter pipe, ResponseHeader header)
    {
        _header = header;
        return new EventWriter(pipe);
    }

    /// <inheritdoc/>
    public void WriteStart(EventWriter writer, in TokenUsage usage)
    {
        Utf8JsonWriter json = writer.BeginEvent("message_start"u8);
        json.WriteStartObject();
        json.WriteString("type"u8, "message_start"u8);
        json.WritePropertyName("message"u8);
        WriteHeader(json, _header!);
        json.WriteStartArray("content"u8);
        json.WriteEndArray();
        json.WriteNull("stop_reason"u8);
        json.WriteNull("stop_sequence"u8);
        WriteUsage(json, usage);
        json.WriteEndObject();
        json.WriteEndObject();
        writer.EndEvent();
    }

    /// <inheritdoc/>
    public void WriteEnd(EventWriter writer, in TokenUsage usage)
    {
        Utf8JsonWriter json = writer.BeginEvent("message_delta"u8);
        json.WriteStartObject();
        json.WriteString("type"u8, "message_delta"u8);
        json.WriteStartObject("delta"u8);
        _choice.WriteStop(json);
        json.WriteEndObject();
        WriteUsage(json, usage);
        json.WriteEndObject();
        writer.EndEvent();

        json = writer.BeginEvent("message_stop"u8);
        json.WriteStartObject();
        json.WriteString("type"u8, "message_stop"u8);
        json.WriteEndObject();
        writer.EndEvent();
    }

    /// <inheritdoc/>
    public void WriteError(EventWriter writer, ApiException error)
    {
        MessagesError.Write(writer.BeginEvent("error"u8), error);
        writer.EndEvent();
    }

    private static void WriteHeader(Utf8JsonWriter json, ResponseHeader header)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, header.Id);
        json.WriteString("type"u8, "message"u8);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteString("model"u8, header.Model);
    }

    // Anthropic counts the cached tokens of a prompt apart from the others.
    private static void WriteUsage(Utf8JsonWriter json, in TokenUsage usage)
    {
        json.WriteStartObject("usage"u8);
        json.WriteNumber("input_tokens"u8, usage.Prompt - usage.Cached);
        json.WriteNumber("cache_creation_input_tokens"u8, 0);
        json.WriteNumber("cache_read_input_tokens"u8, usage.Cached);
        json.WriteNumber("output_tokens"u8, usage.Completion);
        json.WriteEndObject();
    }
}
