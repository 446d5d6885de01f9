using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Tools;
using HunyuanOrleans.Text.Answers;

namespace HunyuanOrleans.Server.Messages;

/// <summary>The content of a message in Anthropic's format: blocks of reasoning, text and tool calls.</summary>
/// <param name="showThinking">Whether the response contains the reasoning.</param>
internal sealed class MessageChoiceFormat(bool showThinking) : IChoiceFormat
{
    private readonly AnswerMessage _message = new();
    private MessageBlockKind _open;
    private int _index;
    private bool _called;
    private FinishReason _finish;
    private string? _stopString;

    /// <inheritdoc/>
    public void WriteStart(EventWriter writer)
    {
        // The event that starts the message was sent before its first token.
    }

    /// <inheritdoc/>
    public void WriteChunk(EventWriter writer, in ResponseChunk chunk)
    {
        foreach (AnswerEvent part in chunk.Events)
        {
            WritePart(writer, part);
        }

        (_finish, _stopString) = (chunk.Finish, chunk.StopString);
        if (_finish != FinishReason.None)
        {
            Close(writer);
        }
    }

    /// <inheritdoc/>
    public void Append(in ResponseChunk chunk)
    {
        _message.Append(chunk);
        (_finish, _stopString) = (chunk.Finish, chunk.StopString);
    }

    /// <inheritdoc/>
    public void WriteComplete(Utf8JsonWriter writer)
    {
        IReadOnlyList<ToolCall> calls = _message.Calls;
        _called = calls.Count > 0;
        writer.WriteStartArray("content"u8);
        if (showThinking && _message.Reasoning.Length > 0)
        {
            WriteBlock(writer, MessageBlockKind.Thinking, _message.Reasoning.ToString());
        }

        if (_message.Content.Length > 0)
        {
            WriteBlock(writer, MessageBlockKind.Text, _message.Content.ToString());
        }

        foreach (ToolCall call in calls)
        {
            WriteCall(writer, call);
        }

        writer.WriteEndArray();
        WriteStop(writer);
    }

    /// <summary>Writes why the message ended.</summary>
    public void WriteStop(Utf8JsonWriter json)
    {
        string reason = _finish == FinishReason.Length ? "max_tokens" : _called ? "tool_use" : _stopString is not null ? "stop_sequence" : "end_turn";
        json.WriteString("stop_reason"u8, reason);
        json.WriteString("stop_sequence"u8, reason == "stop_sequence" ? _stopString : null);
    }

    private void WritePart(EventWriter writer, in AnswerEvent part)
    {
        switch (part.Kind)
        {
            case AnswerEventKind.Content when part.Text.Length > 0:
                Open(writer, MessageBlockKind.Text);
                WriteDelta(writer, "text_delta"u8, "text"u8, part.Text);
                break;
            case AnswerEventKind.Reasoning when showThinking && part.Text.Length > 0:
                Open(writer, MessageBlockKind.Thinking);
                WriteDelta(writer, "thinking_delta"u8, "thinking"u8, part.Text);
                break;
            case AnswerEventKind.CallBegin:
                Close(writer);
                _open = MessageBlockKind.ToolUse;
                Utf8JsonWriter json = BeginStart(writer);
                WriteCall(json, new ToolCall(part.Id!, part.Text));
                json.WriteEndObject();
                writer.EndEvent();
                break;
            case AnswerEventKind.CallArguments:
                WriteDelta(writer, "input_json_delta"u8, "partial_json"u8, part.Text);
                break;
            case AnswerEventKind.CallEnd:
                _called = true;
                Close(writer);
                break;
        }
    }

    private void Open(EventWriter writer, MessageBlockKind kind)
    {
        if (_open != kind)
        {
            Close(writer);
            _open = kind;
            Utf8JsonWriter json = BeginStart(writer);
            WriteBlock(json, kind, "");
            json.WriteEndObject();
            writer.EndEvent();
        }
    }

    private void Close(EventWriter writer)
    {
        if (_open == MessageBlockKind.None)
        {
            return;
        }

        if (_open == MessageBlockKind.Thinking)
        {
            // Anthropic signs its reasoning. Ours needs no signature when it comes back.
            WriteDelta(writer, "signature_delta"u8, "signature"u8, "");
        }

        Begin(writer, "content_block_stop"u8).WriteEndObject();
        writer.EndEvent();
        _open = MessageBlockKind.None;
        _index++;
    }

    private Utf8JsonWriter Begin(EventWriter writer, ReadOnlySpan<byte> type)
    {
        Utf8JsonWriter json = writer.BeginEvent(type);
        json.WriteStartObject();
        json.WriteString("type"u8, type);
        json.WriteNumber("index"u8, _index);
        return json;
    }

    private Utf8JsonWriter BeginStart(EventWriter writer)
    {
        Utf8JsonWriter json = Begin(writer, "content_block_start"u8);
        json.WritePropertyName("content_block"u8);
        return json;
    }

    private void WriteDelta(EventWriter writer, ReadOnlySpan<byte> type, ReadOnlySpan<byte> name, string text)
    {
        Utf8JsonWriter json = Begin(writer, "content_block_delta"u8);
        json.WriteStartObject("delta"u8);
        json.WriteString("type"u8, type);
        json.WriteString(name, text);
        json.WriteEndObject();
        json.WriteEndObject();
        writer.EndEvent();
    }

    private static void WriteBlock(Utf8JsonWriter json, MessageBlockKind kind, string text)
    {
        ReadOnlySpan<byte> name = kind == MessageBlockKind.Thinking ? "thinking"u8 : "text"u8;
        json.WriteStartObject();
        json.WriteString("type"u8, name);
        json.WriteString(name, text);
        if (kind == MessageBlockKind.Thinking)
        {
            json.WriteString("signature"u8, ""u8);
        }

        json.WriteEndObject();
    }

    private static void WriteCall(Utf8JsonWriter json, ToolCall call)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "tool_use"u8);
        json.WriteString("id"u8, call.Id);
        json.WriteString("name"u8, call.Name);
        json.WritePropertyName("input"u8);
        call.WriteArguments(json);
        json.WriteEndObject();
    }
}
