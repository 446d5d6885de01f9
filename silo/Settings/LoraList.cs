using HunyuanOrleans.Engine.Adapters;

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
            if (AdapterNames.Add(adapter, adapters) is not null)
            {
                return null;
            }
        }

        return adapters.ToDictionary(static adapter => adapter.Key, static adapter => Path.GetFullPath(adapter.Value), StringComparer.Ordinal);
    }
}
