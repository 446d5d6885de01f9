using System.Buffers.Binary;
using System.Text.Json;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>
/// Reads and checks the header of a safetensors file, which consists of 8 bytes of length, JSON, and the data without gaps. All checks
/// run before a <see cref="TensorView"/> is created, so that no view points outside the file. It does not read tensor data.
/// </summary>
internal static class SafetensorsHeader
{
    /// <summary>Maximum length of a header, as in the format's reference implementation.</summary>
    public const long MaxHeaderBytes = 100_000_000;

    private const int LengthBytes = 8;
    private const string Metadata = "__metadata__";

    public static List<TensorView> Read(MappedFile file)
    {
        if (file.Length < LengthBytes)
        {
            throw new ModelException($"{file.Path}: the file has {file.Length} bytes and is truncated; allowed: a safetensors file.");
        }

        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(file.Slice(0, LengthBytes));
        if (length > MaxHeaderBytes)
        {
            throw new ModelException(
                $"{file.Path}: the header claims {length} bytes, so this is not a safetensors file; allowed: at most {MaxHeaderBytes} bytes.");
        }

        if (length > (ulong)(file.Length - LengthBytes))
        {
            throw new ModelException(
                $"{file.Path}: the header claims {length} bytes, but only {file.Length - LengthBytes} follow: the file is truncated.");
        }

        List<TensorEntry> entries;
        try
        {
            entries = ReadEntries(file.Path, file.Slice(LengthBytes, (int)length));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ModelException($"{file.Path}: the header is not valid JSON: {e.Message}", e);
        }

        long dataStart = LengthBytes + (long)length;
        file.HeaderBytes = dataStart;
        TensorLayout.Check(file.Path, entries, file.Length - dataStart);
        var views = new List<TensorView>(entries.Count);
        foreach (TensorEntry entry in entries)
        {
            views.Add(new TensorView(file, entry.Name, entry.Type, entry.Shape, dataStart + entry.Begin, entry.End - entry.Begin));
        }

        return views;
    }

    private static List<TensorEntry> ReadEntries(string path, ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 8 });
        var entries = new List<TensorEntry>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new ModelException($"{path}: the header is not a JSON object; allowed: an object of tensors by name.");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            if (!names.Add(name))
            {
                throw new ModelException($"{path}: tensor \"{name}\" appears twice in the header; allowed: each name once.");
            }

            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                throw new ModelException($"{path}: tensor \"{name}\" is not described by a JSON object in the header.");
            }

            if (name == Metadata)
            {
                reader.Skip();
                continue;
            }

            entries.Add(TensorEntry.Read(ref reader, path, name));
        }

        if (reader.TokenType != JsonTokenType.EndObject || reader.Read())
        {
            throw new ModelException($"{path}: the header is not one complete JSON object.");
        }

        return entries;
    }
}
