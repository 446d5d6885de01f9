using System.Text.Json;

namespace HunyuanOrleans.Text;

/// <summary>Reads small JSON files. Error messages name the file.</summary>
internal static class JsonFile
{
    private const long MaxBytes = 256L << 20;

    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    public static JsonDocument Read(string path)
    {
        try
        {
            var info = new FileInfo(path);
            if (!info.Exists)
            {
                throw new TextException($"{path}: there is no such file.");
            }

            if (info.Length > MaxBytes)
            {
                throw new TextException($"{path}: the file has {info.Length} bytes; allowed: a JSON file of at most {MaxBytes} bytes.");
            }

            return JsonDocument.Parse(File.ReadAllBytes(path), Options);
        }
        catch (JsonException e)
        {
            throw new TextException($"{path}: not valid JSON: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TextException($"{path}: cannot be read: {e.Message}", e);
        }
    }
}
