using System.Text;
using System.Text.Json;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>Writes the indented JSON files of a checkpoint.</summary>
internal static class IndentedJson
{
    /// <summary>The text of an object whose properties <paramref name="body"/> writes.</summary>
    public static string Write(Action<Utf8JsonWriter> body)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            body(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length) + "\n";
    }
}
