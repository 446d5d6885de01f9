using System.IO.Pipelines;
using System.Text.Json;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Server.Generation;

/// <summary>Adds the log probabilities of the prompt to a whole response of another format, beside its choices.</summary>
/// <param name="inner">The other format.</param>
/// <param name="text">The mapping from tokens, including special ones, to bytes.</param>
/// <param name="alternatives">The number of alternatives per token.</param>
internal sealed class PromptLogprobsFormat(IResponseFormat inner, ITokenText text, int alternatives) : IResponseFormat
{
    /// <inheritdoc/>
    public string Operation => inner.Operation;

    /// <inheritdoc/>
    public string IdPrefix => inner.IdPrefix;

    /// <inheritdoc/>
    public string StreamType => inner.StreamType;

    /// <inheritdoc/>
    public bool HasComments => inner.HasComments;

    /// <inheritdoc/>
    public IChoiceFormat CreateChoice(int index, int prompt) => new ChoiceFormat(inner.CreateChoice(index, prompt), new PromptLogprobs(text, alternatives));

    /// <inheritdoc/>
    public void WriteResponse(Utf8JsonWriter writer, ResponseHeader header, IReadOnlyList<IChoiceFormat> choices, in TokenUsage usage) =>
        inner.WriteResponse(writer, header, choices, usage);

    /// <inheritdoc/>
    public EventWriter CreateWriter(PipeWriter pipe, ResponseHeader header) => inner.CreateWriter(pipe, header);

    /// <inheritdoc/>
    public void WriteStart(EventWriter writer, in TokenUsage usage) => inner.WriteStart(writer, usage);

    /// <inheritdoc/>
    public void WriteEnd(EventWriter writer, in TokenUsage usage) => inner.WriteEnd(writer, usage);

    /// <inheritdoc/>
    public void WriteError(EventWriter writer, ApiException error) => inner.WriteError(writer, error);

    private sealed class ChoiceFormat(IChoiceFormat inner, PromptLogprobs logprobs) : IChoiceFormat
    {
        public void WriteStart(EventWriter writer) => inner.WriteStart(writer);

        public void WriteChunk(EventWriter writer, in ResponseChunk chunk) => inner.WriteChunk(writer, chunk);

        public void Append(in ResponseChunk chunk)
        {
            logprobs.Append(chunk.Prompt.Span);
            inner.Append(chunk);
        }

        public void WriteComplete(Utf8JsonWriter writer) => inner.WriteComplete(writer);

        public void WriteResponseFields(Utf8JsonWriter writer) => logprobs.Write(writer);
    }
}
