using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Patterns;

/// <summary>
/// Parses a regular expression: literals, <c>.</c>, classes, groups, alternatives, the quantifiers <c>* + ? {m,n}</c>,
/// <c>\d \w \s</c> as ASCII, and anchors at the ends. Lazy quantifiers are allowed: they accept the same texts as greedy ones.
/// Lookaround and back-references are rejected.
/// </summary>
internal sealed class RegexParser
{
    private const int MaxLength = 10_000, MaxDepth = 64, MaxRepeat = 1_000, MaxCount = 100_000;

    /// <summary>
    /// Maximum number of repeats of one character that are expanded in the automaton; more are counted by a <see cref="CountedRule"/>.
    /// </summary>
    private const int MaxExpandedRepeats = 16;

    private readonly GrammarContext _context;
    private readonly string _pattern;
    private readonly ICharacterEncoding _encoding;
    private readonly bool _search;
    private readonly bool _allowRules;
    private readonly string _subject;
    private int _at;
    private int _depth;

    private RegexParser(GrammarContext context, string pattern, ICharacterEncoding encoding, bool search, bool allowRules, string subject)
    {
        (_context, _pattern, _encoding, _search, _allowRules, _subject) = (context, pattern, encoding, search, allowRules, subject);
        if (pattern.Length > MaxLength)
        {
            throw Error($"has {pattern.Length} characters; allowed are {MaxLength}");
        }
    }

    /// <summary>Parses a regular expression.</summary>
    /// <param name="context">The constraint's ids and limits.</param>
    /// <param name="pattern">The regular expression.</param>
    /// <param name="encoding">Encodes characters as bytes.</param>
    /// <param name="search">True if a pattern without anchors may match a part of the text; false if it must match all of it.</param>
    /// <param name="allowRules">True if the result may call rules.</param>
    /// <param name="subject">Subject of error messages, such as <c>The regular expression</c>.</param>
    /// <exception cref="ConstraintException">The pattern is malformed, too large or uses something unsupported.</exception>
    public static GrammarNode Parse(
        GrammarContext context, string pattern, ICharacterEncoding encoding, bool search, bool allowRules, string subject)
    {
        RegexParser parser = new(context, pattern, encoding, search, allowRules, subject);
        GrammarNode node = parser.ParseAlternatives(top: true);
        return parser._at < pattern.Length ? throw parser.Error("has a ) without its (") : node;
    }

    private GrammarNode ParseAlternatives(bool top)
    {
        List<GrammarNode> alternatives = [ParseAlternative(top)];
        while (TryTake('|'))
        {
            alternatives.Add(ParseAlternative(top));
        }

        return alternatives.Count == 1 ? alternatives[0] : new ChoiceNode(alternatives);
    }

    private GrammarNode ParseAlternative(bool top)
    {
        List<GrammarNode> parts = [];
        bool begins = false, ends = false;
        while (top && TryTake('^'))
        {
            begins = true;
        }

        while (_at < _pattern.Length && _pattern[_at] is not ('|' or ')'))
        {
            if (top && _pattern[_at] == '$')
            {
                _at++;
                ends = true;
            }
            else if (ends)
            {
                throw Error("has something behind a $; anchors are allowed at the ends only");
            }
            else
            {
                parts.Add(ParseRepeated());
            }
        }

        if (_search && top && !begins)
        {
            parts.Insert(0, AnyText());
        }

        if (_search && top && !ends)
        {
            parts.Add(AnyText());
        }

        return parts.Count == 1 ? parts[0] : new SequenceNode(parts);
    }

    private GrammarNode AnyText() => new RepeatNode(_encoding.Encode(CodePointSet.All), 0, null);

    private GrammarNode ParseRepeated()
    {
        (GrammarNode body, CodePointSet? set) = ParseAtom();
        int depth = 0;
        while (_at < _pattern.Length)
        {
            (int Min, int? Max) times;
            switch (_pattern[_at])
            {
                case '*':
                    times = (0, null);
                    break;
                case '+':
                    times = (1, null);
                    break;
                case '?':
                    times = (0, 1);
                    break;
                case '{' when TryParseBounds(out int min, out int? max):
                    times = (min, max);
                    break;
                default:
                    return body;
            }

            _at++;
            if (depth++ > 0)
            {
                throw Error("repeats a repeat; put it in a group");
            }

            if (_at < _pattern.Length && _pattern[_at] == '+')
            {
                throw Error("uses a possessive repeat, which is not supported");
            }

            TryTake('?');
            body = CreateRepeat(body, set, times.Min, times.Max);
        }

        return body;
    }

    private GrammarNode CreateRepeat(GrammarNode body, CodePointSet? set, int min, int? max)
    {
        int most = max ?? min;
        if (max < min)
        {
            throw Error($"repeats at least {min} and at most {max} times");
        }

        if (set is { IsEmpty: false } && _allowRules && most > MaxExpandedRepeats)
        {
            return most > MaxCount
                ? throw Error($"repeats {most} times; allowed are {MaxCount} for one character")
                : new CallNode(new CountedRule(_context, _subject, NfaRule.CreateStandalone(_context, body), min, max));
        }

        return most > MaxRepeat
            ? throw Error($"repeats {most} times; allowed are {MaxRepeat}")
            : new RepeatNode(body, min, max);
    }

    /// <summary>
    /// Tries to parse the bounds of a quantifier up to the closing brace. If it returns false, the brace is a literal character.
    /// </summary>
    private bool TryParseBounds(out int min, out int? max)
    {
        (min, max) = (0, null);
        int end = _pattern.IndexOf('}', _at);
        if (end < 0)
        {
            return false;
        }

        ReadOnlySpan<char> inside = _pattern.AsSpan(_at + 1, end - _at - 1);
        int comma = inside.IndexOf(',');
        ReadOnlySpan<char> first = comma < 0 ? inside : inside[..comma];
        ReadOnlySpan<char> second = comma < 0 ? first : inside[(comma + 1)..];
        if (first.IsEmpty || first.ContainsAnyExceptInRange('0', '9') || second.ContainsAnyExceptInRange('0', '9'))
        {
            return false;
        }

        min = ParseCount(first);
        max = second.IsEmpty ? null : ParseCount(second);
        _at = end;
        return true;
    }

    private int ParseCount(ReadOnlySpan<char> digits)
        => int.TryParse(digits, out int value) ? value : throw Error($"repeats {digits} times, which is too many");

    private (GrammarNode Node, CodePointSet? Set) ParseAtom()
    {
        char c = _pattern[_at];
        switch (c)
        {
            case '(':
                return (ParseGroup(), null);
            case '[':
                _at++;
                return EncodeSet(new RegexClassParser(_pattern, _at, Error).Parse(out _at));
            case '.':
                _at++;
                return EncodeSet(new CodePointSet(('\n', '\n'), ('\r', '\r')).Complement());
            case '\\':
                return EncodeSet(RegexEscapeParser.Parse(_pattern, ref _at, inClass: false, Error));
            case '*' or '+' or '?':
                throw Error($"has a {c} with nothing to repeat");
            case '^' or '$':
                throw Error($"has a {c} within; anchors are allowed at the ends only");
            default:
                return EncodeSet(CodePointSet.Single(RegexEscapeParser.ParseCharacter(_pattern, ref _at)));
        }
    }

    private (GrammarNode Node, CodePointSet? Set) EncodeSet(CodePointSet set)
        => (set.IsEmpty ? GrammarNode.Nothing : _encoding.Encode(set), set);

    private GrammarNode ParseGroup()
    {
        _at++;
        if (++_depth > MaxDepth)
        {
            throw Error($"is nested more than {MaxDepth} deep");
        }

        if (TryTake('?'))
        {
            SkipGroupKind();
        }

        GrammarNode inside = ParseAlternatives(top: false);
        if (!TryTake(')'))
        {
            throw Error("has a ( without its )");
        }

        _depth--;
        return inside;
    }

    private void SkipGroupKind()
    {
        if (TryTake(':'))
        {
            return;
        }

        ReadOnlySpan<char> rest = _pattern.AsSpan(_at);
        if (rest.StartsWith("=") || rest.StartsWith("!") || rest.StartsWith("<=") || rest.StartsWith("<!"))
        {
            throw Error("looks ahead or behind, which is not supported");
        }

        TryTake('P');
        int end = _pattern.IndexOf('>', _at);
        if (!TryTake('<') || end < 0)
        {
            throw Error("uses a kind of group that is not supported; allowed are ( ), (?: ) and (?<name> )");
        }

        _at = end + 1;
    }

    private bool TryTake(char c)
    {
        bool found = _at < _pattern.Length && _pattern[_at] == c;
        _at += found ? 1 : 0;
        return found;
    }

    private ConstraintException Error(string problem) => _context.Error($"{_subject} {problem}.");
}
