using System.Text;
using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Server.Completions;

/// <summary>The format of text completions.</summary>
/// <param name="text">The mapping from tokens, including special ones, to bytes, for log probabilities.</param>
/// <param name="logprobs">Whether log probabilities were requested.</param>
/// <param name="echo">The texts of the prompts if choices begin with them; otherwise null.</param>
/// <param name="includeUsage">Whether a stream ends with a chunk that holds the token usage.</param>
internal sealed class CompletionFormat(ITokenText text, bool logprobs, string[]? echo, bool includeUsage) : OpenAIFormat(includeUsage)
{
    /// <inheritdoc/>
    public override string Operation => "text_completion";

    /// <inheritdoc/>
    public override string IdPrefix => "cmpl-";

    /// <inheritdoc/>
    protected override string ChunkObject => "text_completion";

    /// <inheritdoc/>
    protected override string ResponseObject => "text_completion";

    /// <inheritdoc/>
    public override IChoiceFormat CreateChoice(int index, int prompt) => new ChoiceFormat(index, echo?[prompt], logprobs ? new CompletionLogprobs(text) : null);

    private sealed class ChoiceFormat(int index, string? echo, CompletionLogprobs? logprobs) : IChoiceFormat
    {
        private readonly StringBuilder _text = new(echo);
        private readonly List<SampledToken> _samples = [];
        private FinishReason _finish;

        public void WriteStart(EventWriter events)
        {
            ChunkWriter writer = (ChunkWriter)events;
            if (echo is not null)
            {
                Write(writer.Begin(), echo, default, null);
                writer.End();
            }
        }

        public void WriteChunk(EventWriter events, in ResponseChunk chunk)
        {
            ChunkWriter writer = (ChunkWriter)events;
            if (chunk.Text.Length > 0 || !chunk.Samples.IsEmpty)
            {
                Write(writer.Begin(), chunk.Text, chunk.Samples.Span, null);
                writer.End();
            }

            if (chunk.Finish != FinishReason.None)
            {
                Write(writer.Begin(), "", default, FinishName(chunk.Finish));
                writer.End();
            }
        }

        public void Append(in ResponseChunk chunk)
        {
            _text.Append(chunk.Text);
            _samples.AddRange(chunk.Samples.Span);
            _finish = chunk.Finish;
        }

        public void WriteComplete(Utf8JsonWriter writer) =>
            Write(writer, _text.ToString(), System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_samples), FinishName(_finish));

        private static string FinishName(FinishReason finish) => finish == FinishReason.Length ? "length" : "stop";

        private void Write(Utf8JsonWriter json, string content, ReadOnlySpan<SampledToken> samples, string? finish)
        {
            json.WriteStartObject();
            json.WriteNumber("index"u8, index);
            json.WriteString("text"u8, content);
            if (logprobs is null || (samples.IsEmpty && content.Length == 0))
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
