using System.Globalization;
using System.Text;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>
/// Reads the part of the regular expression language that published byte-level tokenizers use: alternatives of literals, classes,
/// <c>\s \S \d \p{..} \P{..}</c>, greedy or possessive repetition, a leading group (<c>(?i:..)</c> or <c>(?:..)</c>) and a closing
/// <c>(?!..)</c>. Anything else is refused by name, never approximated. Knows nothing of matching.
/// </summary>
internal sealed class PatternParser
{
    // Characters that stand for themselves only after a backslash.
    private const string Operators = ".^$*+?{}()[]|\\";

    // A file must not be able to exhaust the stack.
    private const int DeepestGroup = 16;

    private readonly int[] pattern;
    private readonly string source;
    private int position;
    private int depth;

    private PatternParser(string source)
    {
        this.source = source;
        pattern = [.. source.EnumerateRunes().Select(rune => rune.Value)];
    }

    private bool AtEnd => position == pattern.Length;

    /// <summary>The alternatives of a pattern, in order.</summary>
    /// <exception cref="TextException">The pattern uses something that is not supported.</exception>
    public static IReadOnlyList<SplitAlternative> Parse(string pattern)
    {
        var parser = new PatternParser(pattern);
        List<SplitAlternative> alternatives = parser.Alternatives(ignoreCase: false);
        return parser.AtEnd ? alternatives : throw parser.Refuse("an unmatched ')'");
    }

    private List<SplitAlternative> Alternatives(bool ignoreCase)
    {
        var all = new List<SplitAlternative>();
        do
        {
            Alternative(ignoreCase, all);
        }
        while (Take('|'));
        return all;
    }

    private void Alternative(bool ignoreCase, List<SplitAlternative> all)
    {
        // A group can only lead: in front of nothing that could give back, spelling its members out keeps the order of attempts.
        List<SplitAlternative> heads = [new([], null)];
        if (Take('('))
        {
            if (++depth > DeepestGroup)
            {
                throw Refuse($"groups nested deeper than {DeepestGroup}");
            }

            heads = Alternatives(GroupIgnoresCase() || ignoreCase);
            depth--;
            Expect(')');
            if (!AtEnd && Peek() is '?' or '*' or '+' or '{')
            {
                throw Refuse("a repeated group");
            }
        }

        var steps = new List<SplitStep>();
        CodePointSet? notBefore = null;
        while (!AtEnd && Peek() is not ('|' or ')'))
        {
            if (notBefore is not null)
            {
                throw Refuse("something after a look ahead");
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

        foreach (SplitAlternative head in heads)
        {
            if (head.NotBefore is not null && (steps.Count > 0 || notBefore is not null))
            {
                throw Refuse("something after a look ahead");
            }

            if (head.Steps.Length + steps.Count == 0)
            {
                throw Refuse("an empty alternative");
            }

            all.Add(new SplitAlternative([.. head.Steps, .. steps], notBefore ?? head.NotBefore));
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

    private SplitStep Step(bool ignoreCase)
    {
        CodePointSet set = Set(ignoreCase);
        (int minimum, int maximum) = Repetition();
        if (!AtEnd && Peek() == '?')
        {
            throw Refuse("lazy repetition");
        }

        bool repeated = (minimum, maximum) != (1, 1);
        return new SplitStep(set, minimum, maximum, repeated && Take('+'));
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
        return maximum >= minimum ? (minimum, maximum) : throw Refuse("a repetition whose bounds are reversed");
    }

    private int Number()
    {
        int start = position;
        int value = 0;
        while (!AtEnd && Peek() is >= '0' and <= '9' && position - start < 6)
        {
            value = (value * 10) + pattern[position++] - '0';
        }

        return position > start ? value : throw Refuse("a repetition without a number");
    }

    private CodePointSet Set(bool ignoreCase)
    {
        var builder = new CodePointSetBuilder(ignoreCase);
        if (Take('['))
        {
            builder.Negated = Take('^');
            if (!AtEnd && Peek() == ']')
            {
                throw Refuse("an empty class");
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
            int literal = pattern[position++];
            Add(builder, literal, literal);
        }
        else
        {
            throw Refuse(AtEnd ? "an unfinished pattern" : $"'{new Rune(Peek())}'");
        }

        return builder.Build();
    }

    private void ClassMember(CodePointSetBuilder builder)
    {
        if (AtEnd || Peek() == '[' || (Peek() == '&' && position + 1 < pattern.Length && pattern[position + 1] == '&'))
        {
            throw Refuse(AtEnd ? "an unfinished class" : "a nested class");
        }

        int? first = Take('\\') ? Escape(builder, insideClass: true) : pattern[position++];
        if (first is not { } low)
        {
            return;
        }

        int high = low;
        if (position + 1 < pattern.Length && pattern[position] == '-' && pattern[position + 1] != ']')
        {
            position++;
            high = (Take('\\') ? Escape(builder, insideClass: true) : pattern[position++]) ?? throw Refuse("a range without an end");
        }

        Add(builder, low, high >= low ? high : throw Refuse("a reversed range"));
    }

    // Gives the code point of an escaped character; a set such as \s goes into the builder at once and gives null.
    private int? Escape(CodePointSetBuilder builder, bool insideClass)
    {
        if (AtEnd)
        {
            throw Refuse("an unfinished escape");
        }

        int code = pattern[position++];
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
                    throw Refuse("a property other than a general category (such as L, N, P, S, M, Lu)");
                }

                break;
            default:
                throw Refuse($"'\\{new Rune(code)}'");
        }

        return null;
    }

    private string PropertyName()
    {
        Expect('{');
        var name = new StringBuilder();
        while (!AtEnd && Peek() != '}')
        {
            name.Append(new Rune(pattern[position++]).ToString());
        }

        Expect('}');
        return name.ToString();
    }

    private void Add(CodePointSetBuilder builder, int first, int last)
    {
        if (!builder.AddRange(first, last))
        {
            throw Refuse("case-blind comparison of a letter that is not ASCII, or of a range");
        }
    }

    private int Peek() => pattern[position];

    private bool Take(char expected)
    {
        if (AtEnd || pattern[position] != expected)
        {
            return false;
        }

        position++;
        return true;
    }

    private void Expect(char expected)
    {
        if (!Take(expected))
        {
            throw Refuse(AtEnd ? $"a pattern that ends where '{expected}' is due" : $"'{new Rune(Peek())}' where '{expected}' is due");
        }
    }

    private TextException Refuse(string what) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"split pattern '{source}': {what} is not supported (at character {position})."));
}
