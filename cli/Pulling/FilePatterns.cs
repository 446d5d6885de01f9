using System.Text;
using System.Text.RegularExpressions;

namespace HunyuanOrleans.Cli.Pulling;

/// <summary>Selects files by patterns in which * stands for any characters, including slashes, and ? for a single character.</summary>
internal sealed class FilePatterns
{
    private readonly Regex[] _patterns;

    /// <summary>Creates the filter; an empty list of patterns selects every file.</summary>
    public FilePatterns(IEnumerable<string> patterns) => _patterns = [.. patterns.Select(Translate)];

    /// <summary>Whether the filter selects a path.</summary>
    public bool Match(string path) => _patterns.Length == 0 || _patterns.Any(pattern => pattern.IsMatch(path));

    // Without backtracking, because a pattern with many stars would take exponential time.
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
