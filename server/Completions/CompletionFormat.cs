using System.Text;
using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Server.Completions;

/// <summary>Answers in the shape of text completions.</summary>
/// <param name="text">All tokens' bytes, for log probabilities.</param>
/// <param name="logprobs">Whether log probabilities were asked for.</param>
/// <param name="echo">The prompts' texts, where answers begin with them; else null.</param>
internal sealed class CompletionFormat(ITokenText text, bool logprobs, string[]? echo) : IAnswerFormat
{
    /// <inheritdoc/>
    public string Operation => "text_completion";

    /// <inheritdoc/>
    public string IdPrefix => "cmpl-";

    /// <inheritdoc/>
    public string ChunkObject => "text_completion";

    /// <inheritdoc/>
    public string WholeObject => "text_completion";

    /// <inheritdoc/>
    public IChoiceFormat Choice(int index, int prompt) => new Answer(index, echo?[prompt], logprobs ? new CompletionLogprobs(text) : null);

    private sealed class Answer(int index, string? echo, CompletionLogprobs? logprobs) : IChoiceFormat
    {
        private readonly StringBuilder _text = new(echo);
        private readonly List<SampledToken> _samples = [];
        private FinishReason _finish;

        public void WriteStart(ChunkWriter chunks)
        {
            if (echo is not null)
            {
                Write(chunks.Begin(), echo, default, null);
                chunks.End();
            }
        }

        public void WritePiece(ChunkWriter chunks, in AnswerPiece piece)
        {
            if (piece.Text.Length > 0 || !piece.Samples.IsEmpty)
            {
                Write(chunks.Begin(), piece.Text, piece.Samples.Span, null);
                chunks.End();
            }

            if (piece.Finish != FinishReason.None)
            {
                Write(chunks.Begin(), "", default, FinishName(piece.Finish));
                chunks.End();
            }
        }

        public void Keep(in AnswerPiece piece)
        {
            _text.Append(piece.Text);
            _samples.AddRange(piece.Samples.Span);
            _finish = piece.Finish;
        }

        public void WriteWhole(Utf8JsonWriter writer) =>
            Write(writer, _text.ToString(), System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_samples), FinishName(_finish));

        private static string FinishName(FinishReason finish) => finish == FinishReason.Length ? "length" : "stop";

        private void Write(Utf8JsonWriter json, string shown, ReadOnlySpan<SampledToken> samples, string? finish)
        {
            json.WriteStartObject();
            json.WriteNumber("index"u8, index);
            json.WriteString("text"u8, shown);
            if (logprobs is null || (samples.IsEmpty && shown.Length == 0))
            {
                json.WriteNull("logprobs"u8);
            }
            else
            {
                logprobs.Write(json, samples);
            }

            json.WriteString("finish_reason"u8, finish);
            json.WriteEndObject();
        }
    }
}
