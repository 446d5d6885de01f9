using System.IO.Pipelines;
using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Generation;

/// <summary>Writes the chunks of OpenAI's streams. It does not know the format of choices.</summary>
internal sealed class ChunkWriter : EventWriter
{
    private static readonly JsonEncodedText IdName = JsonEncodedText.Encode("id"), ObjectName = JsonEncodedText.Encode("object"),
        CreatedName = JsonEncodedText.Encode("created"), ModelName = JsonEncodedText.Encode("model"),
        ChoicesName = JsonEncodedText.Encode("choices"), UsageName = JsonEncodedText.Encode("usage");

    private readonly ResponseHeader _header;
    private readonly JsonEncodedText _id, _model, _object;
    private readonly bool _usage;
    private Utf8JsonWriter? _chunk;

    /// <summary>Creates the writer of one response.</summary>
    /// <param name="pipe">The response's body.</param>
    /// <param name="header">The fields that every chunk repeats.</param>
    /// <param name="type">The value of the field "object".</param>
    /// <param name="usage">Whether the stream ends with a usage chunk. Then the other chunks contain "usage": null, as OpenAI's do.</param>
    public ChunkWriter(PipeWriter pipe, ResponseHeader header, string type, bool usage)
        : base(pipe)
    {
        _header = header;
        _id = JsonEncodedText.Encode(header.Id, JsonResponse.Format.Encoder);
        _model = JsonEncodedText.Encode(header.Model, JsonResponse.Format.Encoder);
        _object = JsonEncodedText.Encode(type);
        _usage = usage;
    }

    /// <summary>Begins a chunk. The caller writes one choice and calls <see cref="End"/>.</summary>
    public Utf8JsonWriter Begin()
    {
        Utf8JsonWriter json = BeginEvent();
        json.WriteStartObject();
        json.WriteString(IdName, _id);
        json.WriteString(ObjectName, _object);
        json.WriteNumber(CreatedName, _header.Created);
        json.WriteString(ModelName, _model);
        json.WriteStartArray(ChoicesName);
        return _chunk = json;
    }

    /// <summary>Ends a chunk.</summary>
    public void End()
    {
        _chunk!.WriteEndArray();
        if (_usage)
        {
            _chunk.WriteNull(UsageName);
        }

        _chunk.WriteEndObject();
        EndEvent();
    }

    /// <summary>Writes what ends the stream: the chunk with the token usage, if it was asked for, and the last event.</summary>
    public void WriteEnd(in TokenUsage usage)
    {
        if (_usage)
        {
            Utf8JsonWriter json = Begin();
            json.WriteEndArray();
            json.WritePropertyName(UsageName);
            usage.Write(json);
            json.WriteEndObject();
            EndEvent();
        }

        WriteDone();
    }

    /// <summary>Writes a chunk without choices that says how far a prompt is computed.</summary>
    /// <param name="progress">The progress.</param>
    /// <param name="choice">Index of the choice in the response; null if it has only one.</param>
    public void WriteProgress(PromptProgress progress, int? choice)
    {
        Utf8JsonWriter json = Begin();
        json.WriteEndArray();
        if (_usage)
        {
            json.WriteNull(UsageName);
        }

        json.WriteStartObject("prompt_progress"u8);
        if (choice is int index)
        {
            json.WriteNumber("index"u8, index);
        }

        json.WriteNumber("total"u8, progress.Total);
        json.WriteNumber("cache"u8, progress.Cached);
        json.WriteNumber("processed"u8, progress.Processed);
        json.WriteNumber("time_ms"u8, (long)progress.Elapsed.TotalMilliseconds);
        json.WriteEndObject();
        json.WriteEndObject();
        EndEvent();
    }
}
