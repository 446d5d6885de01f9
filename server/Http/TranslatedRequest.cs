using System.Buffers;
using System.Text.Json;
using HunyuanOrleans.Server.Hosting;

namespace HunyuanOrleans.Server.Http;

/// <summary>Writes a request of one API as a request of another, for the other's reader. It knows neither.</summary>
internal static class TranslatedRequest
{
    // What a translation puts around a value adds to the depth of the request.
    private const int MaxDepth = ServerOptions.LargestJsonDepth + 10;

    private static readonly JsonWriterOptions Written = JsonResponse.Format with { MaxDepth = MaxDepth };

    /// <summary>Returns the object whose fields are written.</summary>
    /// <param name="write">Writes the fields.</param>
    public static JsonDocument Create(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer, Written))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return JsonDocument.Parse(buffer.WrittenMemory, new JsonDocumentOptions { MaxDepth = MaxDepth });
    }
}
