using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Generation;

/// <summary>
/// Writes the server-sent events of one streamed answer into the response's own buffers. One thread at a time. It does not know what
/// choices hold.
/// </summary>
internal sealed class ChunkWriter : IDisposable
{
    private static readonly JsonEncodedText IdName = JsonEncodedText.Encode("id"), ObjectName = JsonEncodedText.Encode("object"),
        CreatedName = JsonEncodedText.Encode("created"), ModelName = JsonEncodedText.Encode("model"),
        ChoicesName = JsonEncodedText.Encode("choices"), UsageName = JsonEncodedText.Encode("usage");

    private readonly PipeWriter _pipe;
    private readonly Utf8JsonWriter _json;
    private readonly AnswerHead _head;
    private readonly JsonEncodedText _id, _model, _object;
    private readonly bool _usage;

    /// <summary>For one response.</summary>
    /// <param name="pipe">Its body.</param>
    /// <param name="head">What every chunk repeats.</param>
    /// <param name="usage">Whether a usage chunk will come: then the others say usage null.</param>
    public ChunkWriter(PipeWriter pipe, AnswerHead head, bool usage)
    {
        _pipe = pipe;
        _json = new Utf8JsonWriter(pipe, JsonResponse.Format);
        _head = head;
        _id = JsonEncodedText.Encode(head.Id, JsonResponse.Format.Encoder);
        _model = JsonEncodedText.Encode(head.Model, JsonResponse.Format.Encoder);
        _object = JsonEncodedText.Encode(head.Object);
        _usage = usage;
    }

    /// <summary>Begins a chunk; the caller writes one choice and calls <see cref="End"/>.</summary>
    public Utf8JsonWriter Begin()
    {
        BeginEvent();
        _json.WriteStartObject();
        _json.WriteString(IdName, _id);
        _json.WriteString(ObjectName, _object);
        _json.WriteNumber(CreatedName, _head.Created);
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

    /// <summary>Writes the chunk that says how much was used.</summary>
    public void Usage(in AnswerUsage usage)
    {
        Begin();
        _json.WriteEndArray();
        _json.WritePropertyName(UsageName);
        usage.Write(_json);
        _json.WriteEndObject();
        EndEvent();
    }

    /// <summary>Writes an error, after which only the end comes.</summary>
    public void Error(ApiException error)
    {
        BeginEvent();
        ErrorWriter.Write(_json, error);
        EndEvent();
    }

    /// <summary>Writes the mark that ends the stream.</summary>
    public void Done() => _pipe.Write("data: [DONE]\n\n"u8);

    /// <summary>Sends what was written; waits while the reader is slow. Cancelled, it resets the connection.</summary>
    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        FlushResult result = await _pipe.FlushAsync(cancellationToken);
        if (result.IsCompleted)
        {
            throw new OperationCanceledException("The reader is gone.");
        }
    }

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
