using System.Globalization;
using System.IO.Pipelines;
using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Chat;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Tools;
using HunyuanOrleans.Text.Answers;

namespace HunyuanOrleans.Server.Ollama;

/// <summary>The format of Ollama's responses: an object, or a stream of objects, one per line. It has one choice.</summary>
/// <param name="isChat">Whether the response holds a message, and not a text.</param>
/// <param name="model">The model's name.</param>
/// <param name="logprobs">Collects log probabilities; null if none were requested.</param>
/// <param name="time">The clock.</param>
internal sealed class OllamaFormat(bool isChat, string model, ChatLogprobs? logprobs, TimeProvider time) : IResponseFormat, IChoiceFormat
{
    private readonly AnswerMessage _message = new();
    private readonly long _begin = time.GetTimestamp();
    private long? _first;

    /// <inheritdoc/>
    public string Operation => isChat ? "chat" : "text_completion";

    /// <inheritdoc/>
    public string IdPrefix => "";

    /// <inheritdoc/>
    public string StreamType => "application/x-ndjson";

    /// <inheritdoc/>
    public bool HasComments => false;

    /// <summary>Writes the response to a request that asks for nothing but the model to be loaded.</summary>
    public void WriteLoaded(Utf8JsonWriter json)
    {
        Begin(json);
        WriteContent(json, "", null, null);
        json.WriteBoolean("done"u8, true);
        json.WriteString("done_reason"u8, "load"u8);
        json.WriteEndObject();
    }

    /// <inheritdoc/>
    public IChoiceFormat CreateChoice(int index, int prompt) => this;

    /// <inheritdoc/>
    public EventWriter CreateWriter(PipeWriter pipe, ResponseHeader header) => new(pipe, lines: true);

    /// <inheritdoc/>
    public void WriteStart(EventWriter writer, in TokenUsage usage)
    {
    }

    /// <inheritdoc/>
    public void WriteStart(EventWriter writer)
    {
    }

    /// <inheritdoc/>
    public void WriteChunk(EventWriter writer, in ResponseChunk chunk)
    {
        Append(chunk);
        foreach (AnswerEvent part in chunk.Events)
        {
            switch (part.Kind)
            {
                case AnswerEventKind.Content:
                    WriteLine(writer, part.Text, null, null);
                    break;
                case AnswerEventKind.Reasoning:
                    WriteLine(writer, "", part.Text, null);
                    break;
                case AnswerEventKind.CallEnd:
                    WriteLine(writer, "", null, [_message.GetCall(part.Call)]);
                    break;
            }
        }
    }

    /// <inheritdoc/>
    public void WriteEnd(EventWriter writer, in TokenUsage usage)
    {
        Utf8JsonWriter json = writer.BeginEvent();
        Begin(json);
        WriteContent(json, "", null, null);
        WriteDone(json, usage);
        json.WriteEndObject();
        writer.EndEvent();
    }

    /// <inheritdoc/>
    public void WriteError(EventWriter writer, ApiException error)
    {
        OllamaError.Write(writer.BeginEvent(), error);
        writer.EndEvent();
    }

    /// <inheritdoc/>
    public void Append(in ResponseChunk chunk)
    {
        _first ??= time.GetTimestamp();
        _message.Append(chunk);
        logprobs?.Append(chunk.Samples.Span);
    }

    /// <inheritdoc/>
    public void WriteComplete(Utf8JsonWriter writer) => WriteContent(
        writer, _message.Content.ToString(), _message.Reasoning.Length > 0 ? _message.Reasoning.ToString() : null, _message.Calls);

    /// <inheritdoc/>
    public void WriteResponse(Utf8JsonWriter writer, ResponseHeader header, IReadOnlyList<IChoiceFormat> choices, in TokenUsage usage)
    {
        Begin(writer);
        WriteComplete(writer);
        WriteDone(writer, usage);
        writer.WriteEndObject();
    }

    private void WriteLine(EventWriter writer, string text, string? thinking, IReadOnlyList<ToolCall>? calls)
    {
        Utf8JsonWriter json = writer.BeginEvent();
        Begin(json);
        WriteContent(json, text, thinking, calls);
        logprobs?.WriteList(json);
        json.WriteBoolean("done"u8, false);
        json.WriteEndObject();
        writer.EndEvent();
    }

    private void Begin(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("model"u8, model);
        json.WriteString("created_at"u8, time.GetUtcNow().UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
    }

    private void WriteContent(Utf8JsonWriter json, string text, string? thinking, IReadOnlyList<ToolCall>? calls)
    {
        if (isChat)
        {
            json.WriteStartObject("message"u8);
            json.WriteString("role"u8, "assistant"u8);
        }

        json.WriteString(isChat ? "content"u8 : "response"u8, text);
        if (thinking is not null)
        {
            json.WriteString("thinking"u8, thinking);
        }

        if (calls is { Count: > 0 })
        {
            json.WriteStartArray("tool_calls"u8);
            foreach (ToolCall call in calls)
            {
                WriteCall(json, call);
            }

            json.WriteEndArray();
        }

        if (isChat)
        {
            json.WriteEndObject();
        }
    }

    // Arguments are an object here, and not a text.
    private static void WriteCall(Utf8JsonWriter json, ToolCall call)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, call.Id);
        json.WriteStartObject("function"u8);
        json.WriteString("name"u8, call.Name);
        json.WritePropertyName("arguments"u8);
        call.WriteArguments(json);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void WriteDone(Utf8JsonWriter json, in TokenUsage usage)
    {
        long end = time.GetTimestamp(), first = _first ?? end;
        logprobs?.WriteList(json);
        json.WriteBoolean("done"u8, true);
        json.WriteString("done_reason"u8, _message.Finish == FinishReason.Length ? "length" : "stop");
        json.WriteNumber("total_duration"u8, Nanoseconds(_begin, end));
        json.WriteNumber("load_duration"u8, 0);
        json.WriteNumber("prompt_eval_count"u8, usage.Prompt);
        json.WriteNumber("prompt_eval_duration"u8, Nanoseconds(_begin, first));
        json.WriteNumber("eval_count"u8, usage.Completion);
        json.WriteNumber("eval_duration"u8, Nanoseconds(first, end));
    }

    private long Nanoseconds(long from, long to) => (long)time.GetElapsedTime(from, to).TotalNanoseconds;
}
