using System.Text.Json;
using System.Text.Unicode;
using HunyuanOrleans.Gguf;

namespace HunyuanOrleans.Model.Configuration;

/// <summary>Reads and parses a JSON file. Errors name the file.</summary>
internal static class JsonFile
{
    // Published config files are a few KB; the largest index is under 1 MB for 389 B parameters.
    private const long MaxBytes = 256L << 20;

    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    public static JsonDocument Read(string path)
    {
        try
        {
            var info = new FileInfo(path);
            if (!info.Exists)
            {
                throw new ModelException($"{path}: there is no such file.");
            }

            if (info.Length > MaxBytes)
            {
                throw new ModelException($"{path}: the file has {info.Length} bytes; allowed: a JSON file of at most {MaxBytes} bytes.");
            }

            byte[] bytes = File.ReadAllBytes(path);
            return GitLfsPointer.Is(bytes) ? throw new ModelException(GitLfsPointer.Message(path)) : Parse(path, bytes);
        }
        catch (JsonException e)
        {
            throw new ModelException($"{path}: not valid JSON: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    // The parser checks neither the encoding of texts nor escaped halves of characters; reading such a text later would throw.
    private static JsonDocument Parse(string path, byte[] bytes)
    {
        if (!Utf8.IsValid(bytes))
        {
            throw new ModelException($"{path}: not valid JSON: the file is not UTF-8.");
        }

        JsonDocument json = JsonDocument.Parse(bytes, Options);
        try
        {
            if (bytes.AsSpan().IndexOf("\\u"u8) >= 0)
            {
                ReadTexts(json.RootElement);
            }

            return json;
        }
        catch (InvalidOperationException e)
        {
            json.Dispose();
            throw new ModelException($"{path}: not valid JSON: a text has half of a character.", e);
        }
    }

    private static void ReadTexts(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in element.EnumerateArray())
                {
                    ReadTexts(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    _ = property.Name;
                    ReadTexts(property.Value);
                }

                break;
            default:
                break;
        }
    }
}
