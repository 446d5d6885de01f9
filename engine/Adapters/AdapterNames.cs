namespace HunyuanOrleans.Engine.Adapters;

/// <summary>The names of adapters, and how users write them with their folders.</summary>
public static class AdapterNames
{
    private const int MaxLength = 200;

    /// <summary>Why a text cannot be an adapter's name, as one sentence; null if it can.</summary>
    public static string? WhyNot(string name) => string.IsNullOrWhiteSpace(name) || name.Length > MaxLength || name.Any(char.IsControl)
        ? $"The name of an adapter is empty, too long or not printable; allowed: 1 to {MaxLength} printable characters."
        : null;

    /// <summary>Reads an adapter that is written as a name and a folder, such as terse=adapters/terse.</summary>
    /// <param name="text">The text.</param>
    /// <param name="folders">The folders by name, to which the adapter is added.</param>
    /// <returns>What is wrong with the text, to follow the name of an option; null if the adapter was added.</returns>
    public static string? Add(string text, Dictionary<string, string> folders) =>
        text.Split('=', 2) is not [{ Length: > 0 } name, { Length: > 0 } folder] ? $"takes a name and a folder, such as terse=adapters/terse, not '{text}'."
        : !folders.TryAdd(name, folder) ? $"gives two adapters the name '{name}'."
        : null;
}
