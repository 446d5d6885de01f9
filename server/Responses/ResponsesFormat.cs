using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Text.Templates;

namespace HunyuanOrleans.Server.Responses;

/// <summary>The format of responses. A response that has ended is kept before its end is sent, so that the next request can refer to it at once.</summary>
/// <param name="settings">The parameters that the response repeats.</param>
/// <param name="showReasoning">Whether the response contains the reasoning.</param>
/// <param name="conversation">The messages that it answers.</param>
/// <param name="stored">Keeps the response; null if it is not to be kept.</param>
internal sealed class ResponsesFormat(
    ResponseSettings settings, bool showReasoning, IReadOnlyList<ChatMessage> conversation, StoredResponses? stored) : IResponseFormat
{
    private readonly ResponseOutput _output = new(showReasoning);
    private ResponseEventWriter? _events;

    /// <inheritdoc/>
    public string Operation => "chat";

    /// <inheritdoc/>
    public string IdPrefix => "resp_";

    private string EndStatus => _output.Finish == FinishReason.Length ? "incomplete" : "completed";

    /// <inheritdoc/>
    public IChoiceFormat CreateChoice(int index, int prompt) => new ResponsesChoiceFormat(_output);

    /// <inheritdoc/>
    public void WriteResponse(Utf8JsonWriter writer, ResponseHeader header, IReadOnlyList<IChoiceFormat> choices, in TokenUsage usage) =>
        writer.WriteRawValue(Complete(header, usage).Span, skipInputValidation: true);

    /// <inheritdoc/>
    public EventWriter CreateWriter(PipeWriter pipe, ResponseHeader header) => _events = new ResponseEventWriter(pipe, header, _events?.Next ?? 0);

    /// <inheritdoc/>
    public void WriteStart(EventWriter writer, in TokenUsage usage)
    {
        ResponseEventWriter events = (ResponseEventWriter)writer;
        ReadOnlyMemory<byte> response = ToJson(events.Header, "in_progress", null, null);
        events.WriteResponse("response.created"u8, response.Span);
        events.WriteResponse("response.in_progress"u8, response.Span);
    }

    /// <inheritdoc/>
    public void WriteEnd(EventWriter writer, in TokenUsage usage)
    {
        ResponseEventWriter events = (ResponseEventWriter)writer;
        ReadOnlyMemory<byte> response = Complete(events.Header, usage);
        events.WriteResponse(_output.Finish == FinishReason.Length ? "response.incomplete"u8 : "response.completed"u8, response.Span);
    }

    /// <inheritdoc/>
    public void WriteError(EventWriter writer, ApiException error)
    {
        ResponseEventWriter events = (ResponseEventWriter)writer;
        events.WriteResponse("response.failed"u8, ToJson(events.Header, "failed", null, error).Span);
    }

    private ReadOnlyMemory<byte> Complete(ResponseHeader header, in TokenUsage usage)
    {
        ReadOnlyMemory<byte> json = ToJson(header, EndStatus, usage, null);
        stored?.Add(new StoredResponse(header.Id, json, _output.ToMessage() is ChatMessage answer ? [.. conversation, answer] : conversation));
        return json;
    }

    private ReadOnlyMemory<byte> ToJson(ResponseHeader header, string status, TokenUsage? usage, ApiException? error)
    {
        ArrayBufferWriter<byte> buffer = new(1024);
        using (Utf8JsonWriter json = new(buffer, JsonResponse.Format))
        {
            json.WriteStartObject();
            json.WriteString("id"u8, header.Id);
            json.WriteString("object"u8, "response"u8);
            json.WriteNumber("created_at"u8, header.Created);
            json.WriteString("status"u8, status);
            WriteError(json, error);
            json.WritePropertyName("incomplete_details"u8);
            if (status == "incomplete")
            {
                json.WriteStartObject();
                json.WriteString("reason"u8, "max_output_tokens"u8);
                json.WriteEndObject();
            }
            else
            {
                json.WriteNullValue();
            }

            json.WriteString("model"u8, header.Model);
            json.WritePropertyName("output"u8);
            _output.Write(json);
            settings.Write(json);
            json.WritePropertyName("usage"u8);
            WriteUsage(json, usage);
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    private static void WriteError(Utf8JsonWriter json, ApiException? error)
    {
        json.WritePropertyName("error"u8);
        if (error is null)
        {
            json.WriteNullValue();
            return;
        }

        json.WriteStartObject();
        json.WriteString("code"u8, error.Code ?? error.Type);
        json.WriteString("message"u8, error.Message);
        json.WriteEndObject();
    }

    private static void WriteUsage(Utf8JsonWriter json, TokenUsage? usage)
    {
        if (usage is not TokenUsage used)
        {
            json.WriteNullValue();
            return;
        }

        json.WriteStartObject();
        json.WriteNumber("input_tokens"u8, used.Prompt);
        json.WriteStartObject("input_tokens_details"u8);
        json.WriteNumber("cached_tokens"u8, used.Cached);
        json.WriteEndObject();
        json.WriteNumber("output_tokens"u8, used.Completion);
        json.WriteStartObject("output_tokens_details"u8);
        json.WriteNumber("reasoning_tokens"u8, 0);
        json.WriteEndObject();
        json.WriteNumber("total_tokens"u8, used.Prompt + used.Completion);
        json.WriteEndObject();
    }
}
