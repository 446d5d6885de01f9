using System.Text.Json;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>Reads files with one JSON value per line. Empty lines are skipped, and errors name the file and the line.</summary>
internal static class JsonLines
{
    /// <summary>Reads the given string fields of every line.</summary>
    /// <exception cref="ModelException">A line is not a JSON object, or lacks one of the fields.</exception>
    public static IEnumerable<string[]> Read(string path, params string[] names) =>
        Read(path, (json, where) => names.Select(name => Field(json, name, where)).ToArray());

    /// <summary>Reads the lines, one at a time.</summary>
    /// <param name="path">The file.</param>
    /// <param name="read">Reads the value of a line. The text tells the file and the line, for messages.</param>
    /// <param name="parsing">How lines are parsed.</param>
    /// <exception cref="ModelException">A line is not JSON.</exception>
    public static IEnumerable<T> Read<T>(string path, Func<JsonElement, string, T> read, JsonDocumentOptions parsing = default)
    {
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return Parse(line, $"{path}, line {number}", read, parsing);
            }
        }
    }

    private static T Parse<T>(string line, string where, Func<JsonElement, string, T> read, JsonDocumentOptions parsing)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line, parsing);
            return read(document.RootElement, where);
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
