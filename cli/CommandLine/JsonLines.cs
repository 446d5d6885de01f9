using System.Text.Json;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>Reads files with one JSON object per line. Empty lines are skipped, and errors name the file and the line.</summary>
internal static class JsonLines
{
    /// <summary>Reads the given string fields of every line.</summary>
    /// <exception cref="ModelException">A line is not a JSON object, or lacks one of the fields.</exception>
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
            // InvalidOperationException is thrown for half of a surrogate pair.
            throw new ModelException($"{where}: not valid JSON ({e.Message})", e);
        }
    }

    private static string Field(JsonElement element, string name, string where) =>
        element.ValueKind == JsonValueKind.Object
        && element.TryGetProperty(name, out JsonElement value)
        && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new ModelException($"{where}: the line must be an object with the text field \"{name}\".");
}
