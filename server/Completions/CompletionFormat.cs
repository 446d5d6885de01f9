using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Server.Completions;

/// <summary>The format of text completions.</summary>
/// <param name="text">The mapping from tokens, including special ones, to bytes, for log probabilities.</param>
/// <param name="shown">The mapping that the text of choices uses.</param>
/// <param name="logprobs">The number of alternatives per token; null if no log probabilities were requested.</param>
/// <param name="echo">The prompts if choices begin with them; otherwise null.</param>
/// <param name="promptLogprobs">The number of alternatives per token of the prompt; null if its log probabilities were not requested.</param>
/// <param name="includeUsage">Whether a stream ends with a chunk that holds the token usage.</param>
internal sealed class CompletionFormat(
    ITokenText text, ITokenText shown, int? logprobs, EchoedPrompt[]? echo, int? promptLogprobs, bool includeUsage) : OpenAIFormat(includeUsage)
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
    public override IChoiceFormat CreateChoice(int index, int prompt) => new ChoiceFormat(
        index,
        echo?[prompt],
        logprobs is int top ? new CompletionLogprobs(text, shown, top) : null,
        promptLogprobs is int alternatives ? new PromptLogprobs(text, alternatives) : null);

    private sealed class ChoiceFormat(int index, EchoedPrompt? echo, CompletionLogprobs? logprobs, PromptLogprobs? promptLogprobs) : IChoiceFormat
    {
        private readonly StringBuilder _text = new(echo?.Text);
        private readonly List<SampledToken> _prompt = [];
        private readonly List<SampledToken> _samples = [];
        private FinishReason _finish;
        private bool _echoed;

        public void WriteStart(EventWriter events)
        {
            ChunkWriter writer = (ChunkWriter)events;

            // The log probabilities of the prompt come with the first chunk.
            if (echo is not null && logprobs is null)
            {
                _echoed = true;
                Write(writer.Begin(), echo.Text, default, default, null);
                writer.End();
            }
        }

        public void WriteChunk(EventWriter events, in ResponseChunk chunk)
        {
            ChunkWriter writer = (ChunkWriter)events;
            if (echo is not null && !_echoed)
            {
                _echoed = true;
                Write(writer.Begin(), echo.Text, echo.Score(chunk.Prompt.Span), default, null);
                writer.End();
            }

            ReadOnlySpan<SampledToken> samples = SamplesOf(chunk);
            if (chunk.Text.Length > 0 || !samples.IsEmpty)
            {
                Write(writer.Begin(), chunk.Text, default, samples, null);
                writer.End();
            }

            if (chunk.Finish != FinishReason.None)
            {
                Write(writer.Begin(), "", default, default, FinishName(chunk.Finish));
                writer.End();
            }
        }

        public void Append(in ResponseChunk chunk)
        {
            promptLogprobs?.Append(chunk.Prompt.Span);
            if (echo is not null && !_echoed)
            {
                _echoed = true;
                _prompt.AddRange(echo.Score(chunk.Prompt.Span));
            }

            _text.Append(chunk.Text);
            _samples.AddRange(SamplesOf(chunk));
            _finish = chunk.Finish;
        }

        public void WriteComplete(Utf8JsonWriter writer) =>
            Write(writer, _text.ToString(), CollectionsMarshal.AsSpan(_prompt), CollectionsMarshal.AsSpan(_samples), FinishName(_finish));

        private static string FinishName(FinishReason finish) => finish == FinishReason.Length ? "length" : "stop";

        // Evaluators drop the last token of an echoed choice, which they take to be the answer's, so it must be there even if it is a stop token.
        private ReadOnlySpan<SampledToken> SamplesOf(in ResponseChunk chunk) => echo is not null && logprobs is not null && chunk.StopToken is SampledToken stop
            ? (SampledToken[])[.. chunk.Samples.Span, stop]
            : chunk.Samples.Span;

        private void Write(Utf8JsonWriter json, string content, ReadOnlySpan<SampledToken> prompt, ReadOnlySpan<SampledToken> samples, string? finish)
        {
            json.WriteStartObject();
            json.WriteNumber("index"u8, index);
            json.WriteString("text"u8, content);
            if (logprobs is null || (prompt.IsEmpty && samples.IsEmpty && content.Length == 0))
            {
                json.WriteNull("logprobs"u8);
            }
            else
            {
                logprobs.Write(json, prompt, samples);
            }

            json.WriteString("finish_reason"u8, finish);
            promptLogprobs?.Write(json);
            json.WriteEndObject();
        }
    }
}
