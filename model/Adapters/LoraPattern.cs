using System.Text.RegularExpressions;

namespace HunyuanOrleans.Model.Adapters;

/// <summary>
/// Values for modules whose names match: PEFT's <c>rank_pattern</c> and <c>alpha_pattern</c>. A key is a regular expression for the end of a name, from the
/// beginning or after a dot; the first key that matches counts.
/// </summary>
internal sealed class LoraPattern
{
    private readonly List<(Regex Key, double Value)> _entries = [];

    /// <summary>Whether there is no key.</summary>
    public bool IsEmpty => _entries.Count == 0;

    /// <summary>Adds a key.</summary>
    /// <exception cref="ArgumentException">The key is no regular expression, or one that needs backtracking.</exception>
    public void Add(string key, double value) =>
        _entries.Add((new Regex($@"^(.*\.)?({key})$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant), value));

    /// <summary>The value for a module; null if no key matches.</summary>
    public double? Find(string module)
    {
        foreach ((Regex key, double value) in _entries)
        {
            if (key.IsMatch(module))
            {
                return value;
            }
        }

        return null;
    }
}
