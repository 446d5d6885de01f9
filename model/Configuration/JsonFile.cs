using System.Text.Json;
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
            return GitLfsPointer.Is(bytes) ? throw new ModelException(GitLfsPointer.Message(path)) : JsonDocument.Parse(bytes, Options);
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
}
