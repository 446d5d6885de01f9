using System.Text.Json;

namespace HunyuanOrleans.Server.Generation;

/// <summary>Writes one choice of a response, either as chunks or, after all chunks were appended, as a whole.</summary>
internal interface IChoiceFormat
{
    /// <summary>Writes the chunk that precedes the first token, if the format has one.</summary>
    void WriteStart(ChunkWriter writer);

    /// <summary>Writes a chunk as any number of events.</summary>
    void WriteChunk(ChunkWriter writer, in ResponseChunk chunk);

    /// <summary>Appends a chunk to the choice that <see cref="WriteComplete"/> writes.</summary>
    void Append(in ResponseChunk chunk);

    /// <summary>Writes the choice as an element of "choices".</summary>
    void WriteComplete(Utf8JsonWriter writer);
}
