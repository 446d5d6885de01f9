using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Tools;
using HunyuanOrleans.Text.Answers;

namespace HunyuanOrleans.Server.Chat;

/// <summary>One choice of a chat completion. Reasoning has both names that clients look for: reasoning_content and reasoning.</summary>
/// <param name="index">The index of the choice.</param>
/// <param name="logprobs">Writes log probabilities; null if none were requested.</param>
/// <param name="callFinish">The finish reason of an answer that calls tools.</param>
/// <param name="showReasoning">Whether the response contains the reasoning.</param>
internal sealed class ChatChoiceFormat(int index, ChatLogprobs? logprobs, string callFinish, bool showReasoning) : IChoiceFormat
{
    private readonly AnswerMessage _message = new();
    private bool _called;

    /// <inheritdoc/>
    public void WriteStart(EventWriter writer)
    {
        Utf8JsonWriter json = Begin(writer);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteString("content"u8, ""u8);
        End(writer, json, default, null);
    }

    /// <inheritdoc/>
    public void WriteChunk(EventWriter writer, in ResponseChunk chunk)
    {
        ReadOnlyMemory<SampledToken> samples = chunk.Samples;
        foreach (AnswerEvent part in chunk.Events)
        {
            _called |= part.Kind == AnswerEventKind.CallEnd;
            if (part.Kind != AnswerEventKind.CallEnd && (showReasoning || part.Kind != AnswerEventKind.Reasoning))
            {
                Utf8JsonWriter json = Begin(writer);
                WriteDelta(json, part);
                End(writer, json, samples, null);
                samples = default;
            }
        }

        if (!samples.IsEmpty)
        {
            Utf8JsonWriter json = Begin(writer);
            json.WriteString("content"u8, ""u8);
            End(writer, json, samples, null);
        }

        if (chunk.Finish != FinishReason.None)
        {
            End(writer, Begin(writer), default, FinishName(chunk.Finish));
        }
    }

    /// <inheritdoc/>
    public void Append(in ResponseChunk chunk)
    {
        logprobs?.Append(chunk.Samples.Span);
        _message.Append(chunk);
    }

    /// <inheritdoc/>
    public void WriteComplete(Utf8JsonWriter writer)
    {
        IReadOnlyList<ToolCall> calls = _message.Calls;
        _called = calls.Count > 0;
        writer.WriteStartObject();
        writer.WriteNumber("index"u8, index);
        writer.WriteStartObject("message"u8);
        writer.WriteString("role"u8, "assistant"u8);
        if (_message.Content.Length == 0 && (_called || _message.Reasoning.Length > 0))
        {
            writer.WriteNull("content"u8);
        }
        else
        {
            writer.WriteString("content"u8, _message.Content.ToString());
        }

        if (showReasoning && _message.Reasoning.Length > 0)
        {
            WriteReasoning(writer, _message.Reasoning.ToString());
        }

        writer.WriteNull("refusal"u8);
        if (_called)
        {
            writer.WriteStartArray("tool_calls"u8);
            foreach (ToolCall call in calls)
            {
                call.Write(writer);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
        ChatLogprobs.WriteTo(writer, logprobs);
        writer.WriteString("finish_reason"u8, FinishName(_message.Finish));
        writer.WriteEndObject();
    }

    private static void WriteReasoning(Utf8JsonWriter json, string text)
    {
        json.WriteString("reasoning_content"u8, text);
        json.WriteString("reasoning"u8, text);
    }

    private static void WriteDelta(Utf8JsonWriter json, in AnswerEvent part)
    {
        switch (part.Kind)
        {
            case AnswerEventKind.Content:
                json.WriteString("content"u8, part.Text);
                return;
            case AnswerEventKind.Reasoning:
                WriteReasoning(json, part.Text);
                return;
            default:
                WriteCall(json, part);
                return;
        }
    }

    private static void WriteCall(Utf8JsonWriter json, in AnswerEvent part)
    {
        json.WriteStartArray("tool_calls"u8);
        json.WriteStartObject();
        json.WriteNumber("index"u8, part.Call);
        bool begin = part.Kind == AnswerEventKind.CallBegin;
        if (begin)
        {
            json.WriteString("id"u8, part.Id);
            json.WriteString("type"u8, "function"u8);
        }

        json.WriteStartObject("function"u8);
        if (begin)
        {
            json.WriteString("name"u8, part.Text);
        }

        json.WriteString("arguments"u8, begin ? "" : part.Text);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private string FinishName(FinishReason finish) => finish switch
    {
        FinishReason.Length => "length",
        _ when _called => callFinish,
        _ => "stop",
    };

    private Utf8JsonWriter Begin(EventWriter writer)
    {
        Utf8JsonWriter json = ((ChunkWriter)writer).Begin();
        json.WriteStartObject();
        json.WriteNumber("index"u8, index);
        json.WriteStartObject("delta"u8);
        return json;
    }

    private void End(EventWriter writer, Utf8JsonWriter json, ReadOnlyMemory<SampledToken> samples, string? finish)
    {
        json.WriteEndObject();
        if (!samples.IsEmpty && logprobs is not null)
        {
            logprobs.Write(json, samples.Span);
        }
        else
        {
            json.WriteNull("logprobs"u8);
        }

        json.WriteString("finish_reason"u8, finish);
        json.WriteEndObject();
        ((ChunkWriter)writer).End();
    }
}
