using System.Text.RegularExpressions;

namespace HunyuanOrleans.Gguf;

/// <summary>Finds the GGUF file of a model: the path itself, or the only one in a folder that has no config.json.</summary>
internal static partial class GgufFiles
{
    private const string Ending = ".gguf";

    /// <summary>Finds the file, or the first of those that a model is divided into; null if the path is no GGUF file and has none.</summary>
    /// <exception cref="InvalidDataException">The folder has several models; the message names them.</exception>
    public static string? Find(string path)
    {
        if (path.EndsWith(Ending, StringComparison.OrdinalIgnoreCase) && File.Exists(path))
        {
            return Split().Match(path) is { Success: true } part && part.Groups[1].Value != "00001"
                ? throw new InvalidDataException($"{path}: the file is a later part of a model; allowed: its first, which ends in -00001-of-{part.Groups[2].Value}{Ending}.")
                : path;
        }

        if (!Directory.Exists(path) || File.Exists(Path.Combine(path, "config.json")))
        {
            return null;
        }

        string[] files = [.. Directory.EnumerateFiles(path, "*" + Ending).Order(StringComparer.Ordinal)];
        string[] models = [.. files.Where(static file => Split().Match(file) is not { Success: true } match || match.Groups[1].Value == "00001")];
        return models.Length <= 1
            ? models.FirstOrDefault()
            : throw new InvalidDataException(
                $"{path}: the folder has several GGUF files; allowed: the path of one of them: {string.Join(", ", models.Select(Path.GetFileName))}.");
    }

    /// <summary>All files of a model whose first is given, in order.</summary>
    /// <exception cref="InvalidDataException">A file is missing; the message names all that are.</exception>
    public static IReadOnlyList<string> All(string first)
    {
        Match match = Split().Match(first);
        if (!match.Success)
        {
            return [first];
        }

        int count = int.Parse(match.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture);
        string start = first[..match.Index];
        string[] files = [.. Enumerable.Range(1, count).Select(i => $"{start}-{i:D5}-of-{count:D5}{Ending}")];
        string[] missing = [.. files.Where(static file => !File.Exists(file)).Select(static file => Path.GetFileName(file))];
        return missing.Length == 0
            ? files
            : throw new InvalidDataException(
                $"{first}: {missing.Length} of its {count} files are missing: {string.Join(", ", missing.Take(8))}{(missing.Length > 8 ? ", …" : "")}.");
    }

    [GeneratedRegex(@"-([0-9]{5})-of-([0-9]{5})\.gguf$", RegexOptions.IgnoreCase)]
    private static partial Regex Split();
}
