using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Patterns;

/// <summary>
/// Reads a regular expression: literals, <c>.</c>, classes, groups, alternatives, <c>* + ? {m,n}</c> (lazy ones too: for what is
/// accepted they are the same), <c>\d \w \s</c> as ASCII, anchors at the ends. What looks around or back is refused. It does not
/// know how characters are written in bytes.
/// </summary>
internal sealed class RegexParser
{
    private const int MaxLength = 10_000, MaxDepth = 64, MaxRepeat = 1_000, MaxCount = 100_000;

    /// <summary>From so many repeats on, characters are counted instead of written out.</summary>
    private const int Countable = 16;

    private readonly AutomatonScope _scope;
    private readonly string _pattern;
    private readonly ICharacterCode _code;
    private readonly bool _search;
    private readonly bool _calls;
    private readonly string _where;
    private int _at;
    private int _depth;

    private RegexParser(AutomatonScope scope, string pattern, ICharacterCode code, bool search, bool calls, string where)
    {
        (_scope, _pattern, _code, _search, _calls, _where) = (scope, pattern, code, search, calls, where);
        if (pattern.Length > MaxLength)
        {
            throw Error($"has {pattern.Length} characters; allowed are {MaxLength}");
        }
    }

    /// <summary>Reads a pattern.</summary>
    /// <param name="scope">The constraint's bounds.</param>
    /// <param name="pattern">The pattern.</param>
    /// <param name="code">How characters are written.</param>
    /// <param name="search">True where the pattern may match a part of the text unless it has anchors; false where it must match all.</param>
    /// <param name="calls">Whether the result may call rules.</param>
    /// <param name="where">What errors call the pattern.</param>
    /// <exception cref="ConstraintException">It is malformed, too large or uses something unsupported.</exception>
    public static Node Parse(AutomatonScope scope, string pattern, ICharacterCode code, bool search, bool calls, string where)
    {
        RegexParser parser = new(scope, pattern, code, search, calls, where);
        Node node = parser.Alternatives(top: true);
        return parser._at < pattern.Length ? throw parser.Error("has a ) without its (") : node;
    }

    private Node Alternatives(bool top)
    {
        List<Node> alternatives = [Alternative(top)];
        while (Take('|'))
        {
            alternatives.Add(Alternative(top));
        }

        return alternatives.Count == 1 ? alternatives[0] : new ChoiceNode(alternatives);
    }

    private Node Alternative(bool top)
    {
        List<Node> parts = [];
        bool begins = false, ends = false;
        while (top && Take('^'))
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
                parts.Add(Repeated());
            }
        }

        if (_search && top && !begins)
        {
            parts.Insert(0, Anything());
        }

        if (_search && top && !ends)
        {
            parts.Add(Anything());
        }

        return parts.Count == 1 ? parts[0] : new SequenceNode(parts);
    }

    private Node Anything() => new RepeatNode(_code.Encode(CodePoints.All), 0, null);

    private Node Repeated()
    {
        (Node body, CodePoints? set) = Atom();
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
                case '{' when Bounds(out int min, out int? max):
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

            Take('?');
            body = Repeat(body, set, times.Min, times.Max);
        }

        return body;
    }

    private Node Repeat(Node body, CodePoints? set, int min, int? max)
    {
        int most = max ?? min;
        if (max < min)
        {
            throw Error($"repeats at least {min} and at most {max} times");
        }

        if (set is { IsEmpty: false } && _calls && most > Countable)
        {
            return most > MaxCount
                ? throw Error($"repeats {most} times; allowed are {MaxCount} for one character")
                : new CallNode(new CountedRule(_scope, _where, NfaRule.Plain(_scope, body), min, max));
        }

        return most > MaxRepeat
            ? throw Error($"repeats {most} times; allowed are {MaxRepeat}")
            : new RepeatNode(body, min, max);
    }

    /// <summary>Reads the bounds of a repeat up to the closing brace; where they are none, the brace is a plain character.</summary>
    private bool Bounds(out int min, out int? max)
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

        min = Number(first);
        max = second.IsEmpty ? null : Number(second);
        _at = end;
        return true;
    }

    private int Number(ReadOnlySpan<char> digits)
        => int.TryParse(digits, out int value) ? value : throw Error($"repeats {digits} times, which is too many");

    private (Node Node, CodePoints? Set) Atom()
    {
        char c = _pattern[_at];
        switch (c)
        {
            case '(':
                return (Group(), null);
            case '[':
                _at++;
                return Characters(new RegexClass(_pattern, _at, Error).Read(out _at));
            case '.':
                _at++;
                return Characters(new CodePoints(('\n', '\n'), ('\r', '\r')).Complement());
            case '\\':
                return Characters(RegexEscape.Read(_pattern, ref _at, inClass: false, Error));
            case '*' or '+' or '?':
                throw Error($"has a {c} with nothing to repeat");
            case '^' or '$':
                throw Error($"has a {c} within; anchors are allowed at the ends only");
            default:
                return Characters(CodePoints.One(RegexEscape.Character(_pattern, ref _at)));
        }
    }

    private (Node Node, CodePoints? Set) Characters(CodePoints set) => (set.IsEmpty ? Node.Nothing : _code.Encode(set), set);

    private Node Group()
    {
        _at++;
        if (++_depth > MaxDepth)
        {
            throw Error($"is nested more than {MaxDepth} deep");
        }

        if (Take('?'))
        {
            SkipGroupKind();
        }

        Node inside = Alternatives(top: false);
        if (!Take(')'))
        {
            throw Error("has a ( without its )");
        }

        _depth--;
        return inside;
    }

    private void SkipGroupKind()
    {
        if (Take(':'))
        {
            return;
        }

        ReadOnlySpan<char> rest = _pattern.AsSpan(_at);
        if (rest.StartsWith("=") || rest.StartsWith("!") || rest.StartsWith("<=") || rest.StartsWith("<!"))
        {
            throw Error("looks ahead or behind, which is not supported");
        }

        Take('P');
        int end = _pattern.IndexOf('>', _at);
        if (!Take('<') || end < 0)
        {
            throw Error("uses a kind of group that is not supported; allowed are ( ), (?: ) and (?<name> )");
        }

        _at = end + 1;
    }

    private bool Take(char c)
    {
        bool found = _at < _pattern.Length && _pattern[_at] == c;
        _at += found ? 1 : 0;
        return found;
    }

    private ConstraintException Error(string problem) => _scope.Error($"{_where} {problem}.");
}
