using System.Globalization;
using System.Text;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>
/// Parses the subset of regular expressions that published byte-level tokenizers use: alternatives of literals, classes,
/// <c>\s \S \d \p{..} \P{..}</c>, greedy or possessive repetition, a leading group (<c>(?i:..)</c> or <c>(?:..)</c>) and a trailing
/// <c>(?!..)</c>. Anything else is rejected with an error that names it.
/// </summary>
internal sealed class PatternParser
{
    // Characters that are literal only after a backslash.
    private const string Operators = ".^$*+?{}()[]|\\";

    // The limit prevents a file from exhausting the stack.
    private const int MaxGroupDepth = 16;

    private readonly int[] _pattern;
    private readonly string _source;
    private int _position;
    private int _depth;

    private PatternParser(string source)
    {
        _source = source;
        _pattern = [.. source.EnumerateRunes().Select(rune => rune.Value)];
    }

    private bool AtEnd => _position == _pattern.Length;

    /// <summary>Parses a pattern to its alternatives, in order.</summary>
    /// <exception cref="TextException">The pattern uses something that is not supported.</exception>
    public static IReadOnlyList<PatternAlternative> Parse(string pattern)
    {
        var parser = new PatternParser(pattern);
        List<PatternAlternative> alternatives = parser.Alternatives(ignoreCase: false);
        return parser.AtEnd ? alternatives : throw parser.Unsupported("an unmatched ')'");
    }

    private List<PatternAlternative> Alternatives(bool ignoreCase)
    {
        var all = new List<PatternAlternative>();
        do
        {
            Alternative(ignoreCase, all);
        }
        while (Take('|'));
        return all;
    }

    private void Alternative(bool ignoreCase, List<PatternAlternative> all)
    {
        // Only a leading group is supported: nothing before it can backtrack, so expanding its alternatives keeps the order of attempts.
        List<PatternAlternative> heads = [new([], null)];
        if (Take('('))
        {
            if (++_depth > MaxGroupDepth)
            {
                throw Unsupported($"groups nested deeper than {MaxGroupDepth}");
            }

            heads = Alternatives(GroupIgnoresCase() || ignoreCase);
            _depth--;
            Expect(')');
            if (!AtEnd && Peek() is '?' or '*' or '+' or '{')
            {
                throw Unsupported("a repeated group");
            }
        }

        var steps = new List<PatternStep>();
        CodePointSet? notBefore = null;
        while (!AtEnd && Peek() is not ('|' or ')'))
        {
            if (notBefore is not null)
            {
                throw Unsupported("something after a look ahead");
            }

            if (Take('('))
            {
                Expect('?');
                Expect('!');
                notBefore = Set(ignoreCase);
                Expect(')');
            }
            else
            {
                steps.Add(Step(ignoreCase));
            }
        }

        foreach (PatternAlternative head in heads)
        {
            if (head.NotBefore is not null && (steps.Count > 0 || notBefore is not null))
            {
                throw Unsupported("something after a look ahead");
            }

            if (head.Steps.Length + steps.Count == 0)
            {
                throw Unsupported("an empty alternative");
            }

            all.Add(new PatternAlternative([.. head.Steps, .. steps], notBefore ?? head.NotBefore));
        }
    }

    private bool GroupIgnoresCase()
    {
        if (!Take('?'))
        {
            return false;
        }

        bool ignoreCase = Take('i');
        Expect(':');
        return ignoreCase;
    }

    private PatternStep Step(bool ignoreCase)
    {
        CodePointSet set = Set(ignoreCase);
        (int minimum, int maximum) = Repetition();
        if (!AtEnd && Peek() == '?')
        {
            throw Unsupported("lazy repetition");
        }

        bool repeated = (minimum, maximum) != (1, 1);
        return new PatternStep(set, minimum, maximum, repeated && Take('+'));
    }

    private (int Minimum, int Maximum) Repetition()
    {
        if (Take('?'))
        {
            return (0, 1);
        }

        if (Take('*'))
        {
            return (0, int.MaxValue);
        }

        if (Take('+'))
        {
            return (1, int.MaxValue);
        }

        if (!Take('{'))
        {
            return (1, 1);
        }

        int minimum = Number();
        int maximum = minimum;
        if (Take(','))
        {
            maximum = !AtEnd && Peek() == '}' ? int.MaxValue : Number();
        }

        Expect('}');
        return maximum >= minimum ? (minimum, maximum) : throw Unsupported("a repetition whose bounds are reversed");
    }

    private int Number()
    {
        int start = _position;
        int value = 0;
        while (!AtEnd && Peek() is >= '0' and <= '9' && _position - start < 6)
        {
            value = (value * 10) + _pattern[_position++] - '0';
        }

        return _position > start ? value : throw Unsupported("a repetition without a number");
    }

    private CodePointSet Set(bool ignoreCase)
    {
        var builder = new CodePointSetBuilder(ignoreCase);
        if (Take('['))
        {
            builder.Negated = Take('^');
            if (!AtEnd && Peek() == ']')
            {
                throw Unsupported("an empty class");
            }

            while (!Take(']'))
            {
                ClassMember(builder);
            }
        }
        else if (Take('\\'))
        {
            Escape(builder, insideClass: false);
        }
        else if (!AtEnd && (Peek() >= 0x80 || !Operators.Contains((char)Peek())))
        {
            int literal = _pattern[_position++];
            Add(builder, literal, literal);
        }
        else
        {
            throw Unsupported(AtEnd ? "an unfinished pattern" : $"'{new Rune(Peek())}'");
        }

        return builder.Build();
    }

    private void ClassMember(CodePointSetBuilder builder)
    {
        if (AtEnd || Peek() == '[' || (Peek() == '&' && _position + 1 < _pattern.Length && _pattern[_position + 1] == '&'))
        {
            throw Unsupported(AtEnd ? "an unfinished class" : "a nested class");
        }

        int? first = Take('\\') ? Escape(builder, insideClass: true) : _pattern[_position++];
        if (first is not { } low)
        {
            return;
        }

        int high = low;
        if (_position + 1 < _pattern.Length && _pattern[_position] == '-' && _pattern[_position + 1] != ']')
        {
            _position++;
            high = (Take('\\') ? Escape(builder, insideClass: true) : _pattern[_position++]) ?? throw Unsupported("a range without an end");
        }

        Add(builder, low, high >= low ? high : throw Unsupported("a reversed range"));
    }

    // Returns the code point of an escaped character. For a class such as \s, it adds the class to the builder and returns null.
    private int? Escape(CodePointSetBuilder builder, bool insideClass)
    {
        if (AtEnd)
        {
            throw Unsupported("an unfinished escape");
        }

        int code = _pattern[_position++];
        int? character = code switch
        {
            'r' => '\r',
            'n' => '\n',
            't' => '\t',
            'f' => '\f',
            'v' => '\v',
            >= 0x80 => null,
            _ => char.IsAsciiLetterOrDigit((char)code) ? null : code,
        };
        if (character is { } value)
        {
            if (!insideClass)
            {
                Add(builder, value, value);
            }

            return value;
        }

        switch (code)
        {
            case 's':
                builder.WhiteSpace = true;
                break;
            case 'd':
                builder.AddCategories("Nd");
                break;
            case 'S' when !insideClass:
                builder.WhiteSpace = true;
                builder.Negated = true;
                break;
            case 'p':
            case 'P':
                if (!builder.AddCategories(PropertyName(), complement: code == 'P'))
                {
                    throw Unsupported("a property other than a general category (such as L, N, P, S, M, Lu)");
                }

                break;
            default:
                throw Unsupported($"'\\{new Rune(code)}'");
        }

        return null;
    }

    private string PropertyName()
    {
        Expect('{');
        var name = new StringBuilder();
        while (!AtEnd && Peek() != '}')
        {
            name.Append(new Rune(_pattern[_position++]).ToString());
        }

        Expect('}');
        return name.ToString();
    }

    private void Add(CodePointSetBuilder builder, int first, int last)
    {
        if (!builder.AddRange(first, last))
        {
            throw Unsupported("case-blind comparison of a letter that is not ASCII, or of a range");
        }
    }

    private int Peek() => _pattern[_position];

    private bool Take(char expected)
    {
        if (AtEnd || _pattern[_position] != expected)
        {
            return false;
        }

        _position++;
        return true;
    }

    private void Expect(char expected)
    {
        if (!Take(expected))
        {
            throw Unsupported(AtEnd ? $"a pattern that ends where '{expected}' is due" : $"'{new Rune(Peek())}' where '{expected}' is due");
        }
    }

    private TextException Unsupported(string what) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"split pattern '{_source}': {what} is not supported (at character {_position})."));
}
