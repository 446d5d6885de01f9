namespace HunyuanOrleans.Silo.Settings;

/// <summary>The adapters of the setting Silo:Lora: names and folders.</summary>
internal static class LoraList
{
    /// <summary>Reads the setting.</summary>
    /// <returns>The folders by name; null if the text is no list of names and folders, or a name comes twice.</returns>
    public static IReadOnlyDictionary<string, string>? Parse(string? text)
    {
        Dictionary<string, string> adapters = new(StringComparer.Ordinal);
        foreach (string adapter in (text ?? "").Split(SiloCommandLine.ListSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (adapter.Split('=', 2) is not [{ Length: > 0 } name, { Length: > 0 } folder] || !adapters.TryAdd(name, Path.GetFullPath(folder)))
            {
                return null;
            }
        }

        return adapters;
    }
}
