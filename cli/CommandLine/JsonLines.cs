using System.Text.Json;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>Reads files with one JSON object per line, empty lines skipped; errors name the file and the line.</summary>
internal static class JsonLines
{
    /// <summary>Reads the string fields <paramref name="names"/> of every line; a line lacking one is an error.</summary>
    public static IEnumerable<string[]> Read(string path, params string[] names)
    {
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return Fields(line, names, $"{path}, line {number}");
            }
        }
    }

    private static string[] Fields(string line, string[] names, string where)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            return [.. names.Select(name => Field(document.RootElement, name, where))];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The second is what half a surrogate pair gives.
            throw new ModelException($"{where}: not valid JSON ({e.Message})", e);
        }
    }

    private static string Field(JsonElement element, string name, string where) =>
        element.ValueKind == JsonValueKind.Object
        && element.TryGetProperty(name, out JsonElement value)
        && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new ModelException($"{where}: an object with the text \"{name}\" is wanted.");
}
