namespace HunyuanOrleans.Grammar.Patterns;

/// <summary>Parses a character class in brackets.</summary>
/// <param name="pattern">The whole regular expression.</param>
/// <param name="at">Index of the character after the opening bracket.</param>
/// <param name="error">Creates the exception for a problem.</param>
internal sealed class RegexClassParser(string pattern, int at, Func<string, Exception> error)
{
    private readonly int _start = at;
    private int _at = at;

    /// <summary>Parses the class and returns its characters.</summary>
    /// <param name="end">Receives the index of the character after the closing bracket.</param>
    public CodePointSet Parse(out int end)
    {
        bool negated = Peek() == '^';
        _at += negated ? 1 : 0;
        List<(int, int)> ranges = [];
        int first = _at;
        while (Peek() is char c && (c != ']' || _at == first))
        {
            CodePointSet from = ParseItem();
            if (Peek() == '-' && _at + 1 < pattern.Length && pattern[_at + 1] != ']')
            {
                _at++;
                ranges.Add(CreateRange(from, ParseItem()));
            }
            else
            {
                ranges.AddRange(from.Ranges);
            }
        }

        if (Peek() is null)
        {
            throw error($"has a [ without its ] (at {_start - 1})");
        }

        end = _at + 1;
        CodePointSet set = new(ranges);
        return negated ? set.Complement() : set;
    }

    private CodePointSet ParseItem() => Peek() switch
    {
        '\\' => RegexEscapeParser.Parse(pattern, ref _at, inClass: true, error),
        null => throw error($"has a [ without its ] (at {_start - 1})"),
        '[' when _at + 1 < pattern.Length && pattern[_at + 1] == ':' => throw error("uses [: :], which is not supported"),
        _ => CodePointSet.Single(RegexEscapeParser.ParseCharacter(pattern, ref _at)),
    };

    private (int Low, int High) CreateRange(CodePointSet from, CodePointSet to)
    {
        if (SingleOrNull(from) is int low && SingleOrNull(to) is int high && low <= high)
        {
            return (low, high);
        }

        throw error("has a range in [ ] that does not run from a lower to a higher character");
    }

    private static int? SingleOrNull(CodePointSet set) => set.Ranges is [var (low, high)] && low == high ? low : null;

    private char? Peek() => _at < pattern.Length ? pattern[_at] : null;
}
