using System.Text.Json;

namespace HunyuanOrleans.Server.Generation;

/// <summary>One answer taking shape. Chunks, or the whole, are written; not both.</summary>
internal interface IChoiceFormat
{
    /// <summary>Writes what comes before the first token, if anything.</summary>
    void WriteStart(ChunkWriter chunks);

    /// <summary>Writes a piece as any number of chunks.</summary>
    void WritePiece(ChunkWriter chunks, in AnswerPiece piece);

    /// <summary>Keeps a piece for <see cref="WriteWhole"/>.</summary>
    void Keep(in AnswerPiece piece);

    /// <summary>Writes the element of choices.</summary>
    void WriteWhole(Utf8JsonWriter writer);
}
