using System.Text.RegularExpressions;

namespace HunyuanOrleans.Model.Quantization;

/// <summary>
/// Matches module names against a list from a quantisation config: exact names, and regular expressions that begin with "re:". If the
/// list names a projection, it also matches the fused projection that contains it, and the other way round.
/// </summary>
internal sealed class ModuleMatcher
{
    private const string Pattern = "re:";

    // Expressions come from downloaded files. Without backtracking, none of them can take excessive time.
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    private static readonly (string Part, string Fused)[] Fusions =
        [("q_proj", "qkv_proj"), ("k_proj", "qkv_proj"), ("v_proj", "qkv_proj"), ("gate_proj", "gate_and_up_proj"), ("up_proj", "gate_and_up_proj")];

    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly List<Regex> _patterns = [];

    /// <summary>Creates a matcher from the entries of a list.</summary>
    /// <exception cref="ArgumentException">An expression is malformed, or cannot be matched without backtracking.</exception>
    public ModuleMatcher(IEnumerable<string> entries)
    {
        foreach (string entry in entries)
        {
            if (!entry.StartsWith(Pattern, StringComparison.Ordinal))
            {
                _names.Add(entry);
                continue;
            }

            try
            {
                // Configs are written for Python's re.match, which matches from the start of the name but not necessarily to its end.
                _patterns.Add(new Regex("^(?:" + entry[Pattern.Length..] + ")", Options));
            }
            catch (NotSupportedException e)
            {
                throw new ArgumentException(e.Message, nameof(entries), e);
            }
        }
    }

    /// <summary>Whether the list contains exactly this name.</summary>
    public bool Has(string name) => _names.Contains(name);

    /// <summary>Whether a module matches the list.</summary>
    public bool Matches(string module)
    {
        if (MatchesAsIs(module))
        {
            return true;
        }

        int dot = module.LastIndexOf('.') + 1;
        foreach ((string part, string fused) in Fusions)
        {
            if ((module.AsSpan(dot).SequenceEqual(part) && MatchesAsIs(module[..dot] + fused))
                || (module.AsSpan(dot).SequenceEqual(fused) && _names.Contains(module[..dot] + part)))
            {
                return true;
            }
        }

        return false;
    }

    private bool MatchesAsIs(string module) => _names.Contains(module) || _patterns.Exists(p => p.IsMatch(module));
}
