using System.IO.Pipelines;
using System.Text.Json;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Generation;

/// <summary>What OpenAI's chat and text completions have in common: a response, or each chunk of a stream, is an object with choices.</summary>
/// <param name="includeUsage">Whether a stream ends with a chunk that holds the token usage.</param>
internal abstract class OpenAIFormat(bool includeUsage) : IResponseFormat
{
    /// <inheritdoc/>
    public abstract string Operation { get; }

    /// <inheritdoc/>
    public abstract string IdPrefix { get; }

    /// <summary>The value of the field "object" in chunks.</summary>
    protected abstract string ChunkObject { get; }

    /// <summary>The value of the field "object" in a response that is not streamed.</summary>
    protected abstract string ResponseObject { get; }

    /// <inheritdoc/>
    public abstract IChoiceFormat CreateChoice(int index, int prompt);

    /// <inheritdoc/>
    public void WriteResponse(Utf8JsonWriter writer, ResponseHeader header, IReadOnlyList<IChoiceFormat> choices, in TokenUsage usage)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, header.Id);
        writer.WriteString("object"u8, ResponseObject);
        writer.WriteNumber("created"u8, header.Created);
        writer.WriteString("model"u8, header.Model);
        writer.WriteStartArray("choices"u8);
        foreach (IChoiceFormat choice in choices)
        {
            choice.WriteComplete(writer);
        }

        writer.WriteEndArray();
        writer.WritePropertyName("usage"u8);
        usage.Write(writer);
        choices[0].WriteResponseFields(writer);
        writer.WriteEndObject();
    }

    /// <inheritdoc/>
    public EventWriter CreateWriter(PipeWriter pipe, ResponseHeader header) => new ChunkWriter(pipe, header, ChunkObject, includeUsage);

    /// <inheritdoc/>
    public void WriteStart(EventWriter writer, in TokenUsage usage)
    {
    }

    /// <inheritdoc/>
    public void WriteEnd(EventWriter writer, in TokenUsage usage) => ((ChunkWriter)writer).WriteEnd(usage);

    /// <inheritdoc/>
    public void WriteError(EventWriter writer, ApiException error)
    {
        ErrorWriter.Write(writer.BeginEvent(), error);
        writer.EndEvent();
        writer.WriteDone();
    }
}
