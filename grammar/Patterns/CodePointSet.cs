namespace HunyuanOrleans.Grammar.Patterns;

/// <summary>A set of Unicode scalar values, kept as ordered ranges that do not touch. It never contains surrogates. Immutable.</summary>
internal sealed class CodePointSet
{
    private const int Last = 0x10FFFF, FirstSurrogate = 0xD800, LastSurrogate = 0xDFFF;

    private readonly (int Low, int High)[] _ranges;

    /// <summary>Creates the set of the characters in some ranges, which may be in any order. Surrogates are left out.</summary>
    public CodePointSet(params IEnumerable<(int Low, int High)> ranges)
    {
        List<(int Low, int High)> merged = [];
        foreach ((int low, int high) in ranges.SelectMany(WithoutSurrogates).OrderBy(static range => range.Low))
        {
            if (merged.Count > 0 && low <= merged[^1].High + 1)
            {
                merged[^1] = (merged[^1].Low, Math.Max(merged[^1].High, high));
            }
            else
            {
                merged.Add((low, high));
            }
        }

        _ranges = [.. merged];
    }

    /// <summary>Every character.</summary>
    public static CodePointSet All { get; } = new((0, Last));

    /// <summary>0 to 9.</summary>
    public static CodePointSet Digits { get; } = new(('0', '9'));

    /// <summary>ASCII letters, digits and the underscore.</summary>
    public static CodePointSet Word { get; } = new(('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z'));

    /// <summary>ASCII white space.</summary>
    public static CodePointSet Space { get; } = new(('\t', '\r'), (' ', ' '));

    /// <summary>The ranges in ascending order, bounds included.</summary>
    public IReadOnlyList<(int Low, int High)> Ranges => _ranges;

    public bool IsEmpty => _ranges.Length == 0;

    /// <summary>Returns the set of one character.</summary>
    public static CodePointSet Single(int character) => new((character, character));

    /// <summary>Returns the characters that are not in this set.</summary>
    public CodePointSet Complement()
    {
        List<(int, int)> gaps = [];
        int next = 0;
        foreach ((int low, int high) in _ranges)
        {
            if (low > next)
            {
                gaps.Add((next, low - 1));
            }

            next = high + 1;
        }

        if (next <= Last)
        {
            gaps.Add((next, Last));
        }

        return new CodePointSet(gaps);
    }

    /// <summary>Returns the characters in this set or the other.</summary>
    public CodePointSet Union(CodePointSet other) => new(_ranges.Concat(other._ranges));

    /// <summary>Returns the characters in this set that are not in the other.</summary>
    public CodePointSet Except(CodePointSet other) => Complement().Union(other).Complement();

    private static IEnumerable<(int Low, int High)> WithoutSurrogates((int Low, int High) range)
    {
        if (range.Low < FirstSurrogate)
        {
            yield return (range.Low, Math.Min(range.High, FirstSurrogate - 1));
        }

        if (range.High > LastSurrogate)
        {
            yield return (Math.Max(range.Low, LastSurrogate + 1), range.High);
        }
    }
}
