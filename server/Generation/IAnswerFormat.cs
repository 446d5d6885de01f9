using System.Text.Json;

namespace HunyuanOrleans.Server.Generation;

/// <summary>The shape in which answers are given: chats or completions. It knows neither the engine nor how bytes are sent.</summary>
internal interface IAnswerFormat
{
    /// <summary>gen_ai.operation.name.</summary>
    string Operation { get; }

    /// <summary>The first letters of an answer's id.</summary>
    string IdPrefix { get; }

    /// <summary>The field object of chunks.</summary>
    string ChunkObject { get; }

    /// <summary>The field object of whole answers.</summary>
    string WholeObject { get; }

    /// <summary>Starts an answer.</summary>
    /// <param name="index">Which of the request's.</param>
    /// <param name="prompt">Which prompt it answers.</param>
    IChoiceFormat Choice(int index, int prompt);
}

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
