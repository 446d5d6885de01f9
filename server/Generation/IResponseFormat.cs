using System.IO.Pipelines;
using System.Text.Json;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Generation;

/// <summary>The format of one response of an API, whole or streamed. It is created for a request, and keeps what its events need.</summary>
internal interface IResponseFormat
{
    /// <summary>The value of gen_ai.operation.name in telemetry.</summary>
    string Operation { get; }

    /// <summary>The prefix of the response's id.</summary>
    string IdPrefix { get; }

    /// <summary>The media type of a streamed response.</summary>
    string StreamType => "text/event-stream; charset=utf-8";

    /// <summary>Whether a stream may hold comments that keep the connection alive.</summary>
    bool HasComments => true;

    /// <summary>Creates the format of one choice.</summary>
    /// <param name="index">The index of the choice in the response.</param>
    /// <param name="prompt">The index of the prompt that it answers.</param>
    IChoiceFormat CreateChoice(int index, int prompt);

    /// <summary>Writes a response that is complete.</summary>
    void WriteResponse(Utf8JsonWriter writer, ResponseHeader header, IReadOnlyList<IChoiceFormat> choices, in TokenUsage usage);

    /// <summary>Creates the writer of a streamed response.</summary>
    /// <param name="pipe">The response's body.</param>
    /// <param name="header">The fields that the response begins with.</param>
    EventWriter CreateWriter(PipeWriter pipe, ResponseHeader header);

    /// <summary>Writes what precedes the first chunk of a stream.</summary>
    void WriteStart(EventWriter writer, in TokenUsage usage);

    /// <summary>Writes what ends a stream.</summary>
    void WriteEnd(EventWriter writer, in TokenUsage usage);

    /// <summary>Writes an error in a stream that has begun, and ends it.</summary>
    void WriteError(EventWriter writer, ApiException error);
}
