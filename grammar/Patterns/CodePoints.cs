namespace HunyuanOrleans.Grammar.Patterns;

/// <summary>A set of Unicode characters, as ranges in order that do not touch. Surrogates are never in it. Immutable.</summary>
internal sealed class CodePoints
{
    private const int Last = 0x10FFFF, FirstSurrogate = 0xD800, LastSurrogate = 0xDFFF;

    private readonly (int Low, int High)[] _ranges;

    /// <summary>The characters of some ranges, in any order; surrogates among them are left out.</summary>
    public CodePoints(params IEnumerable<(int Low, int High)> ranges)
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
    public static CodePoints All { get; } = new((0, Last));

    /// <summary>0 to 9.</summary>
    public static CodePoints Digits { get; } = new(('0', '9'));

    /// <summary>Letters, digits and the underscore of ASCII.</summary>
    public static CodePoints Word { get; } = new(('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z'));

    /// <summary>White space of ASCII.</summary>
    public static CodePoints Space { get; } = new(('\t', '\r'), (' ', ' '));

    /// <summary>The ranges.</summary>
    public IReadOnlyList<(int Low, int High)> Ranges => _ranges;

    public bool IsEmpty => _ranges.Length == 0;

    /// <summary>A set of one.</summary>
    public static CodePoints One(int character) => new((character, character));

    /// <summary>All others.</summary>
    public CodePoints Complement()
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

        return new CodePoints(gaps);
    }

    /// <summary>Those in either.</summary>
    public CodePoints Union(CodePoints other) => new(_ranges.Concat(other._ranges));

    /// <summary>Those in this and not in the other.</summary>
    public CodePoints Except(CodePoints other) => Complement().Union(other).Complement();

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
