using System.Text.Json;
using HunyuanOrleans.Server.Generation;

namespace HunyuanOrleans.Server.Responses;

/// <summary>The only choice of a response: its output.</summary>
/// <param name="output">The output.</param>
internal sealed class ResponsesChoiceFormat(ResponseOutput output) : IChoiceFormat
{
    /// <inheritdoc/>
    public void WriteStart(EventWriter writer)
    {
    }

    /// <inheritdoc/>
    public void WriteChunk(EventWriter writer, in ResponseChunk chunk) => output.Append(chunk, (ResponseEventWriter)writer);

    /// <inheritdoc/>
    public void Append(in ResponseChunk chunk) => output.Append(chunk, null);

    /// <inheritdoc/>
    public void WriteComplete(Utf8JsonWriter writer) => output.Write(writer);
}
