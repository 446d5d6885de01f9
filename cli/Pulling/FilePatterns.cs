using System.Text;
using System.Text.RegularExpressions;

namespace HunyuanOrleans.Cli.Pulling;

/// <summary>Chooses files by patterns: * stands for any characters, slashes too, ? for one.</summary>
internal sealed class FilePatterns
{
    private readonly Regex[] _patterns;

    /// <summary>From what users write; no pattern at all means every file.</summary>
    public FilePatterns(IEnumerable<string> patterns) => _patterns = [.. patterns.Select(Translate)];

    /// <summary>Whether a path is chosen.</summary>
    public bool Match(string path) => _patterns.Length == 0 || _patterns.Any(pattern => pattern.IsMatch(path));

    // Without backtracking: a pattern of many stars must not take forever.
    private static Regex Translate(string pattern)
    {
        StringBuilder regex = new("^");
        foreach (char c in pattern)
        {
            regex.Append(c switch { '*' => ".*", '?' => ".", _ => Regex.Escape(c.ToString()) });
        }

        return new(regex.Append("\\z").ToString(), RegexOptions.NonBacktracking | RegexOptions.Singleline | RegexOptions.CultureInvariant);
    }
}
