using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Generation;

/// <summary>
/// Writes the server-sent events of one streaming response into the response's own buffers. Not thread-safe. It does not know the format of
/// choices.
/// </summary>
internal sealed class ChunkWriter : IDisposable
{
    private static readonly JsonEncodedText IdName = JsonEncodedText.Encode("id"), ObjectName = JsonEncodedText.Encode("object"),
        CreatedName = JsonEncodedText.Encode("created"), ModelName = JsonEncodedText.Encode("model"),
        ChoicesName = JsonEncodedText.Encode("choices"), UsageName = JsonEncodedText.Encode("usage");

    private readonly PipeWriter _pipe;
    private readonly Utf8JsonWriter _json;
    private readonly ResponseHeader _header;
    private readonly JsonEncodedText _id, _model, _object;
    private readonly bool _usage;

    /// <summary>Creates the writer of one response.</summary>
    /// <param name="pipe">The response's body.</param>
    /// <param name="header">The fields that every chunk repeats.</param>
    /// <param name="usage">Whether the stream ends with a usage chunk. Then the other chunks contain "usage": null, as OpenAI's do.</param>
    public ChunkWriter(PipeWriter pipe, ResponseHeader header, bool usage)
    {
        _pipe = pipe;
        _json = new Utf8JsonWriter(pipe, JsonResponse.Format);
        _header = header;
        _id = JsonEncodedText.Encode(header.Id, JsonResponse.Format.Encoder);
        _model = JsonEncodedText.Encode(header.Model, JsonResponse.Format.Encoder);
        _object = JsonEncodedText.Encode(header.Object);
        _usage = usage;
    }

    /// <summary>Begins a chunk. The caller writes one choice and calls <see cref="End"/>.</summary>
    public Utf8JsonWriter Begin()
    {
        BeginEvent();
        _json.WriteStartObject();
        _json.WriteString(IdName, _id);
        _json.WriteString(ObjectName, _object);
        _json.WriteNumber(CreatedName, _header.Created);
        _json.WriteString(ModelName, _model);
        _json.WriteStartArray(ChoicesName);
        return _json;
    }

    /// <summary>Ends a chunk.</summary>
    public void End()
    {
        _json.WriteEndArray();
        if (_usage)
        {
            _json.WriteNull(UsageName);
        }

        _json.WriteEndObject();
        EndEvent();
    }

    /// <summary>Writes the chunk that holds the token usage.</summary>
    public void WriteUsage(in TokenUsage usage)
    {
        Begin();
        _json.WriteEndArray();
        _json.WritePropertyName(UsageName);
        usage.Write(_json);
        _json.WriteEndObject();
        EndEvent();
    }

    /// <summary>Writes a chunk without choices that says how far a prompt is computed.</summary>
    /// <param name="progress">The progress.</param>
    /// <param name="choice">Index of the choice in the response; null if it has only one.</param>
    public void WriteProgress(PromptProgress progress, int? choice)
    {
        Begin();
        _json.WriteEndArray();
        if (_usage)
        {
            _json.WriteNull(UsageName);
        }

        _json.WriteStartObject("prompt_progress"u8);
        if (choice is int index)
        {
            _json.WriteNumber("index"u8, index);
        }

        _json.WriteNumber("total"u8, progress.Total);
        _json.WriteNumber("cache"u8, progress.Cached);
        _json.WriteNumber("processed"u8, progress.Processed);
        _json.WriteNumber("time_ms"u8, (long)progress.Elapsed.TotalMilliseconds);
        _json.WriteEndObject();
        _json.WriteEndObject();
        EndEvent();
    }

    /// <summary>Writes an error event. Only <see cref="WriteDone"/> may follow.</summary>
    public void WriteError(ApiException error)
    {
        BeginEvent();
        ErrorWriter.Write(_json, error);
        EndEvent();
    }

    /// <summary>Writes the event that ends the stream.</summary>
    public void WriteDone() => _pipe.Write("data: [DONE]\n\n"u8);

    /// <inheritdoc/>
    public void Dispose() => _json.Dispose();

    private void BeginEvent()
    {
        _pipe.Write("data: "u8);
        _json.Reset();
    }

    private void EndEvent()
    {
        _json.Flush();
        _pipe.Write("\n\n"u8);
    }
}
