namespace HunyuanOrleans.Grammar.Patterns;

/// <summary>Reads what stands between brackets in a regular expression.</summary>
/// <param name="pattern">The pattern.</param>
/// <param name="at">Behind the opening bracket.</param>
/// <param name="error">Makes an error of a problem.</param>
internal sealed class RegexClass(string pattern, int at, Func<string, Exception> error)
{
    private readonly int _start = at;
    private int _at = at;

    /// <summary>The characters.</summary>
    /// <param name="end">Behind the closing bracket.</param>
    public CodePoints Read(out int end)
    {
        bool others = Peek() == '^';
        _at += others ? 1 : 0;
        List<(int, int)> ranges = [];
        int first = _at;
        while (Peek() is char c && (c != ']' || _at == first))
        {
            CodePoints from = Item();
            if (Peek() == '-' && _at + 1 < pattern.Length && pattern[_at + 1] != ']')
            {
                _at++;
                ranges.Add(Range(from, Item()));
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
        CodePoints set = new(ranges);
        return others ? set.Complement() : set;
    }

    private CodePoints Item() => Peek() switch
    {
        '\\' => RegexEscape.Read(pattern, ref _at, inClass: true, error),
        null => throw error($"has a [ without its ] (at {_start - 1})"),
        '[' when _at + 1 < pattern.Length && pattern[_at + 1] == ':' => throw error("uses [: :], which is not supported"),
        _ => CodePoints.One(RegexEscape.Character(pattern, ref _at)),
    };

    private (int Low, int High) Range(CodePoints from, CodePoints to)
    {
        if (Single(from) is int low && Single(to) is int high && low <= high)
        {
            return (low, high);
        }

        throw error("has a range in [ ] that does not run from a lower to a higher character");
    }

    private static int? Single(CodePoints set) => set.Ranges is [var (low, high)] && low == high ? low : null;

    private char? Peek() => _at < pattern.Length ? pattern[_at] : null;
}
