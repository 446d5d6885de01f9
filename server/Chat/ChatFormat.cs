using System.Text;
using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Tools;
using HunyuanOrleans.Text.Streaming;
using HunyuanOrleans.Text.Tools;

namespace HunyuanOrleans.Server.Chat;

/// <summary>The format of chat completions.</summary>
/// <param name="text">The mapping from tokens, including special ones, to bytes, for log probabilities.</param>
/// <param name="logprobs">Whether log probabilities were requested.</param>
/// <param name="tools">The tools that choices may call.</param>
internal sealed class ChatFormat(ITokenText text, bool logprobs, ToolChoice tools) : IResponseFormat
{
    /// <inheritdoc/>
    public string Operation => "chat";

    /// <inheritdoc/>
    public string IdPrefix => "chatcmpl-";

    /// <inheritdoc/>
    public string ChunkObject => "chat.completion.chunk";

    /// <inheritdoc/>
    public string ResponseObject => "chat.completion";

    /// <inheritdoc/>
    public IChoiceFormat CreateChoice(int index, int prompt) => new ChoiceFormat(
        index,
        logprobs ? new ChatLogprobs(text) : null,
        tools.MayCall ? new ToolCallParser(tools.Single ? 1 : int.MaxValue) : null,
        // As in OpenAI's API: a choice whose function was named by the request ends with "stop".
        tools.Mode == ToolMode.Named ? "stop" : "tool_calls");

    private sealed class ChoiceFormat(int index, ChatLogprobs? logprobs, ToolCallParser? tools, string callFinish) : IChoiceFormat
    {
        private readonly StringBuilder _content = new();
        private readonly List<ToolCall> _calls = [];
        private FinishReason _finish;

        public void WriteStart(ChunkWriter writer)
        {
            Utf8JsonWriter json = Begin(writer);
            json.WriteString("role"u8, "assistant"u8);
            json.WriteString("content"u8, ""u8);
            End(writer, json, default, null);
        }

        public void WriteChunk(ChunkWriter writer, in ResponseChunk chunk)
        {
            ReadOnlyMemory<SampledToken> samples = chunk.Samples;
            foreach (ToolCallEvent toolEvent in GetEvents(chunk))
            {
                Utf8JsonWriter json = Begin(writer);
                WriteEvent(json, toolEvent);
                End(writer, json, samples, null);
                samples = default;
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

        public void Append(in ResponseChunk chunk)
        {
            logprobs?.Append(chunk.Samples.Span);
            foreach (ToolCallEvent toolEvent in GetEvents(chunk))
            {
                switch (toolEvent.Kind)
                {
                    case ToolCallEventKind.Content:
                        _content.Append(toolEvent.Text);
                        break;
                    case ToolCallEventKind.Begin:
                        _calls.Add(new ToolCall(toolEvent.Id!, toolEvent.Text));
                        break;
                    default:
                        _calls[^1].Arguments.Append(toolEvent.Text);
                        break;
                }
            }

            _finish = chunk.Finish;
        }

        public void WriteComplete(Utf8JsonWriter writer)
        {
            writer.WriteStartObject();
            writer.WriteNumber("index"u8, index);
            writer.WriteStartObject("message"u8);
            writer.WriteString("role"u8, "assistant"u8);
            if (_calls.Count > 0 && _content.Length == 0)
            {
                writer.WriteNull("content"u8);
            }
            else
            {
                writer.WriteString("content"u8, _content.ToString());
            }

            writer.WriteNull("refusal"u8);
            if (_calls.Count > 0)
            {
                writer.WriteStartArray("tool_calls"u8);
                foreach (ToolCall call in _calls)
                {
                    call.Write(writer);
                }

                writer.WriteEndArray();
            }

            writer.WriteEndObject();
            ChatLogprobs.WriteTo(writer, logprobs);
            writer.WriteString("finish_reason"u8, FinishName(_finish));
            writer.WriteEndObject();
        }

        private static void WriteEvent(Utf8JsonWriter json, in ToolCallEvent toolEvent)
        {
            if (toolEvent.Kind == ToolCallEventKind.Content)
            {
                json.WriteString("content"u8, toolEvent.Text);
                return;
            }

            json.WriteStartArray("tool_calls"u8);
            json.WriteStartObject();
            json.WriteNumber("index"u8, toolEvent.Call);
            if (toolEvent.Kind == ToolCallEventKind.Begin)
            {
                json.WriteString("id"u8, toolEvent.Id);
                json.WriteString("type"u8, "function"u8);
                json.WriteStartObject("function"u8);
                json.WriteString("name"u8, toolEvent.Text);
                json.WriteString("arguments"u8, ""u8);
            }
            else
            {
                json.WriteStartObject("function"u8);
                json.WriteString("arguments"u8, toolEvent.Text);
            }

            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndArray();
        }

        private IReadOnlyList<ToolCallEvent> GetEvents(in ResponseChunk chunk)
        {
            bool last = chunk.Finish != FinishReason.None;
            return tools is not null ? tools.Append(chunk.Text, last)
                : chunk.Text.Length > 0 ? [ToolCallEvent.Content(chunk.Text)]
                : [];
        }

        private string FinishName(FinishReason finish) => finish switch
        {
            FinishReason.Length => "length",
            _ when tools is { Calls: > 0 } => callFinish,
            _ => "stop",
        };

        private Utf8JsonWriter Begin(ChunkWriter writer)
        {
            Utf8JsonWriter json = writer.Begin();
            json.WriteStartObject();
            json.WriteNumber("index"u8, index);
            json.WriteStartObject("delta"u8);
            return json;
        }

        private void End(ChunkWriter writer, Utf8JsonWriter json, ReadOnlyMemory<SampledToken> samples, string? finish)
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
            writer.End();
        }
    }
}
