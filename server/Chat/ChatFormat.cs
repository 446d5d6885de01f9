using System.Text;
using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Tools;
using HunyuanOrleans.Text.Streaming;
using HunyuanOrleans.Text.Tools;

namespace HunyuanOrleans.Server.Chat;

/// <summary>Answers in the shape of chat completions.</summary>
/// <param name="text">All tokens' bytes, for log probabilities.</param>
/// <param name="logprobs">Whether log probabilities were asked for.</param>
/// <param name="tools">Which tools answers may call.</param>
internal sealed class ChatFormat(ITokenText text, bool logprobs, ToolChoice tools) : IAnswerFormat
{
    /// <inheritdoc/>
    public string Operation => "chat";

    /// <inheritdoc/>
    public string IdPrefix => "chatcmpl-";

    /// <inheritdoc/>
    public string ChunkObject => "chat.completion.chunk";

    /// <inheritdoc/>
    public string WholeObject => "chat.completion";

    /// <inheritdoc/>
    public IChoiceFormat Choice(int index, int prompt) => new Answer(
        index,
        logprobs ? new ChatLogprobs(text) : null,
        tools.MayCall ? new ToolCallParser(tools.Single ? 1 : int.MaxValue) : null,
        // OpenAI's own: an answer that was told what to call has not chosen to call.
        tools.Mode == ToolMode.Named ? "stop" : "tool_calls");

    private sealed class Answer(int index, ChatLogprobs? logprobs, ToolCallParser? tools, string called) : IChoiceFormat
    {
        private readonly StringBuilder _content = new();
        private readonly List<ToolCall> _calls = [];
        private FinishReason _finish;

        public void WriteStart(ChunkWriter chunks)
        {
            Utf8JsonWriter json = Begin(chunks);
            json.WriteString("role"u8, "assistant"u8);
            json.WriteString("content"u8, ""u8);
            End(chunks, json, default, null);
        }

        public void WritePiece(ChunkWriter chunks, in AnswerPiece piece)
        {
            ReadOnlyMemory<SampledToken> samples = piece.Samples;
            foreach (ToolCallEvent change in Changes(piece))
            {
                Utf8JsonWriter json = Begin(chunks);
                WriteChange(json, change);
                End(chunks, json, samples, null);
                samples = default;
            }

            if (!samples.IsEmpty)
            {
                Utf8JsonWriter json = Begin(chunks);
                json.WriteString("content"u8, ""u8);
                End(chunks, json, samples, null);
            }

            if (piece.Finish != FinishReason.None)
            {
                End(chunks, Begin(chunks), default, FinishName(piece.Finish));
            }
        }

        public void Keep(in AnswerPiece piece)
        {
            logprobs?.Keep(piece.Samples.Span);
            foreach (ToolCallEvent change in Changes(piece))
            {
                switch (change.Kind)
                {
                    case ToolCallEventKind.Content:
                        _content.Append(change.Text);
                        break;
                    case ToolCallEventKind.Begin:
                        _calls.Add(new ToolCall(change.Id!, change.Text));
                        break;
                    default:
                        _calls[^1].Arguments.Append(change.Text);
                        break;
                }
            }

            _finish = piece.Finish;
        }

        public void WriteWhole(Utf8JsonWriter writer)
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
            ChatLogprobs.WriteTo(writer, logprobs, kept: true);
            writer.WriteString("finish_reason"u8, FinishName(_finish));
            writer.WriteEndObject();
        }

        private static void WriteChange(Utf8JsonWriter json, in ToolCallEvent change)
        {
            if (change.Kind == ToolCallEventKind.Content)
            {
                json.WriteString("content"u8, change.Text);
                return;
            }

            json.WriteStartArray("tool_calls"u8);
            json.WriteStartObject();
            json.WriteNumber("index"u8, change.Call);
            if (change.Kind == ToolCallEventKind.Begin)
            {
                json.WriteString("id"u8, change.Id);
                json.WriteString("type"u8, "function"u8);
                json.WriteStartObject("function"u8);
                json.WriteString("name"u8, change.Text);
                json.WriteString("arguments"u8, ""u8);
            }
            else
            {
                json.WriteStartObject("function"u8);
                json.WriteString("arguments"u8, change.Text);
            }

            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndArray();
        }

        private IReadOnlyList<ToolCallEvent> Changes(in AnswerPiece piece)
        {
            bool last = piece.Finish != FinishReason.None;
            return tools is not null ? tools.Append(piece.Text, last)
                : piece.Text.Length > 0 ? [ToolCallEvent.Content(piece.Text)]
                : [];
        }

        private string FinishName(FinishReason finish) => finish switch
        {
            FinishReason.Length => "length",
            _ when tools is { Calls: > 0 } => called,
            _ => "stop",
        };

        private Utf8JsonWriter Begin(ChunkWriter chunks)
        {
            Utf8JsonWriter json = chunks.Begin();
            json.WriteStartObject();
            json.WriteNumber("index"u8, index);
            json.WriteStartObject("delta"u8);
            return json;
        }

        private void End(ChunkWriter chunks, Utf8JsonWriter json, ReadOnlyMemory<SampledToken> samples, string? finish)
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
            chunks.End();
        }
    }
}
