using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Generation;

/// <summary>Writes the events of one streaming response into the response's own buffers. Not thread-safe. It does not know what events hold.</summary>
/// <param name="pipe">The response's body.</param>
/// <param name="lines">True for lines of JSON instead of server-sent events.</param>
internal class EventWriter(PipeWriter pipe, bool lines = false) : IDisposable
{
    private readonly Utf8JsonWriter _json = new(pipe, JsonResponse.Format);

    /// <summary>Begins an event. The caller writes its JSON and calls <see cref="EndEvent"/>.</summary>
    /// <param name="name">The name of the event; empty for none.</param>
    public Utf8JsonWriter BeginEvent(ReadOnlySpan<byte> name = default)
    {
        if (!name.IsEmpty)
        {
            pipe.Write("event: "u8);
            pipe.Write(name);
            pipe.Write("\n"u8);
        }

        pipe.Write(lines ? default : "data: "u8);
        _json.Reset();
        return _json;
    }

    /// <summary>Ends an event.</summary>
    public void EndEvent()
    {
        _json.Flush();
        pipe.Write(lines ? "\n"u8 : "\n\n"u8);
    }

    /// <summary>Writes an event whose data is the word that ends OpenAI's streams.</summary>
    public void WriteDone() => pipe.Write("data: [DONE]\n\n"u8);

    /// <inheritdoc/>
    public void Dispose() => _json.Dispose();
}
