using System.Text.RegularExpressions;

namespace HunyuanOrleans.Model.Quantization;

/// <summary>
/// A list of modules as quantisation configs give it: exact names, and regular expressions marked by "re:". A name of one half of a fused
/// pair of projections also means the fused one, and the other way round. It does not know what the list is for.
/// </summary>
internal sealed class ModuleMatcher
{
    private const string Pattern = "re:";

    // Expressions come with downloaded files: no backtracking, so none of them can take long.
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    private static readonly (string Part, string Fused)[] Fusions =
        [("q_proj", "qkv_proj"), ("k_proj", "qkv_proj"), ("v_proj", "qkv_proj"), ("gate_proj", "gate_and_up_proj"), ("up_proj", "gate_and_up_proj")];

    private readonly HashSet<string> names = new(StringComparer.Ordinal);
    private readonly List<Regex> patterns = [];

    /// <summary>Reads a list.</summary>
    /// <exception cref="ArgumentException">An expression is malformed, or of a kind that cannot be matched without backtracking.</exception>
    public ModuleMatcher(IEnumerable<string> entries)
    {
        foreach (string entry in entries)
        {
            if (!entry.StartsWith(Pattern, StringComparison.Ordinal))
            {
                names.Add(entry);
                continue;
            }

            try
            {
                // Python's re.match, which the config was written for, begins at the start of the name and may end anywhere.
                patterns.Add(new Regex("^(?:" + entry[Pattern.Length..] + ")", Options));
            }
            catch (NotSupportedException e)
            {
                throw new ArgumentException(e.Message, nameof(entries), e);
            }
        }
    }

    /// <summary>Whether the list has an entry of exactly this text.</summary>
    public bool Has(string name) => names.Contains(name);

    /// <summary>Whether the list means a module.</summary>
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
                || (module.AsSpan(dot).SequenceEqual(fused) && names.Contains(module[..dot] + part)))
            {
                return true;
            }
        }

        return false;
    }

    private bool MatchesAsIs(string module) => names.Contains(module) || patterns.Exists(p => p.IsMatch(module));
}
