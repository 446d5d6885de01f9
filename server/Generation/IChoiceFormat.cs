using System.Text.Json;

namespace HunyuanOrleans.Server.Generation;

/// <summary>Writes one choice of a response, either as chunks or, after all chunks were appended, as a whole.</summary>
internal interface IChoiceFormat
{
    /// <summary>Writes the chunk that precedes the first token, if the format has one.</summary>
    void WriteStart(EventWriter writer);

    /// <summary>Writes a chunk as any number of events.</summary>
    void WriteChunk(EventWriter writer, in ResponseChunk chunk);

    /// <summary>Appends a chunk to the choice that <see cref="WriteComplete"/> writes.</summary>
    void Append(in ResponseChunk chunk);

    /// <summary>Writes the choice as a part of a complete response.</summary>
    void WriteComplete(Utf8JsonWriter writer);

    /// <summary>Writes the fields of a whole response that come from this choice, which is its first. Most formats have none.</summary>
    void WriteResponseFields(Utf8JsonWriter writer)
    {
    }
}
