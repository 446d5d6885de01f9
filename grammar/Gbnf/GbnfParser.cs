using System.Text;
using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Nodes;
using HunyuanOrleans.Grammar.Patterns;

namespace HunyuanOrleans.Grammar.Gbnf;

/// <summary>
/// Parses what a rule consists of: literals, character classes, <c>.</c>, references, groups, alternatives and repeats. Line breaks are
/// white space; a rule ends where the next definition begins.
/// </summary>
/// <param name="context">The constraint's ids and limits.</param>
/// <param name="text">The grammar.</param>
/// <param name="rules">The rules by their names; filled before the nodes are used.</param>
internal sealed class GbnfParser(GrammarContext context, GbnfText text, IReadOnlyDictionary<string, NfaRule> rules)
{
    private const int MaxDepth = 64, MaxRepeat = 1_000, MaxCount = 100_000;

    /// <summary>
    /// Maximum number of repeats of one character that are expanded in the automaton; more are counted by a <see cref="CountedRule"/>.
    /// </summary>
    private const int MaxExpandedRepeats = 16;

    private int _depth;

    /// <summary>All references found so far.</summary>
    public List<GbnfReferenceNode> References { get; } = [];

    /// <summary>Parses alternatives, up to the end of the rule or of the group.</summary>
    public GrammarNode ParseAlternatives()
    {
        List<GrammarNode> alternatives = [ParseSequence()];
        while (text.TryTake("|"))
        {
            alternatives.Add(ParseSequence());
        }

        return alternatives.Count == 1 ? alternatives[0] : new ChoiceNode(alternatives);
    }

    private SequenceNode ParseSequence()
    {
        List<GrammarNode> parts = [];
        while (true)
        {
            text.SkipSpace();
            if (text.Next is null or '|' or ')' || text.IsAtDefinition())
            {
                return new SequenceNode(parts);
            }

            (GrammarNode body, bool isCharacter) = ParseAtom();
            text.SkipSpace();
            parts.Add(ParseRepeat(body, isCharacter));
        }
    }

    private (GrammarNode Node, bool IsCharacter) ParseAtom()
    {
        int start = text.At;
        if (text.TryTakeName() is { } name)
        {
            GbnfReferenceNode reference = new(name, start, rules);
            References.Add(reference);
            return (reference, false);
        }

        switch (text.Next)
        {
            case '"':
                return (ParseLiteral(), false);
            case '[':
                return (Utf8CharacterEncoding.Instance.Encode(ParseClass()), true);
            case '(':
                return (ParseGroup(), false);
            case '.':
                text.TryTake(".");
                return (Utf8CharacterEncoding.Instance.Encode(CodePointSet.All), true);
            case '*' or '+' or '?' or '{':
                throw text.Error(start, $"has a {text.Next} with nothing to repeat");
            case '<' or '!':
                throw text.Error(start, $"names a token with {text.Next}, which is not supported; write its text in quotes");
            default:
                throw text.Error(start, $"has a {text.Next} where a rule's part or the next rule is expected; text is written in quotes");
        }
    }

    private LiteralNode ParseLiteral()
    {
        int start = text.At;
        text.TryTake("\"");
        var literal = new StringBuilder();
        while (!text.TryTake("\""))
        {
            if (text.Next is null)
            {
                throw text.Error(start, "has a \" without its closing \"");
            }

            literal.Append(char.ConvertFromUtf32(text.TakeCharacter()));
        }

        return new LiteralNode(literal.ToString());
    }

    private CodePointSet ParseClass()
    {
        int start = text.At;
        text.TryTake("[");
        bool negated = text.TryTake("^");
        List<(int, int)> ranges = [];
        while (!text.TryTake("]"))
        {
            int low = TakeMember(start);
            int high = low;
            int dash = text.At;
            if (text.TryTake("-"))
            {
                if (text.Next == ']')
                {
                    ranges.Add(('-', '-'));
                }
                else
                {
                    high = TakeMember(start);
                }
            }

            ranges.Add(low <= high ? (low, high) : throw text.Error(dash, "has a range in [ ] that does not run from a lower to a higher character"));
        }

        CodePointSet set = new(ranges);
        set = negated ? set.Complement() : set;
        return set.IsEmpty ? throw text.Error(start, "has a [ ] that no character fits") : set;
    }

    private int TakeMember(int start) => text.Next is null ? throw text.Error(start, "has a [ without its ]") : text.TakeCharacter();

    private GrammarNode ParseGroup()
    {
        int start = text.At;
        text.TryTake("(");
        if (++_depth > MaxDepth)
        {
            throw text.Error(start, $"is nested more than {MaxDepth} deep");
        }

        GrammarNode inside = ParseAlternatives();
        if (!text.TryTake(")"))
        {
            throw text.Error(start, "has a ( without its )");
        }

        _depth--;
        return inside;
    }

    private GrammarNode ParseRepeat(GrammarNode body, bool isCharacter)
    {
        int start = text.At;
        if (TryTakeBounds() is not (int min, var max))
        {
            return body;
        }

        text.SkipSpace();
        if (text.Next is '*' or '+' or '?' or '{')
        {
            throw text.Error(text.At, "repeats a repeat; put it in a group");
        }

        int most = max ?? min;
        if (max < min)
        {
            throw text.Error(start, $"repeats at least {min} and at most {max} times");
        }

        bool counted = isCharacter && most > MaxExpandedRepeats;
        int allowed = counted ? MaxCount : MaxRepeat;
        if (most > allowed)
        {
            throw text.Error(start, $"repeats {most} times; allowed are {MaxRepeat}, and {MaxCount} for one character");
        }

        return counted
            ? new CallNode(new CountedRule(context, "repeat", NfaRule.CreateStandalone(context, body), min, max))
            : new RepeatNode(body, min, max);
    }

    private (int Min, int? Max)? TryTakeBounds()
    {
        int start = text.At;
        if (text.TryTake("*"))
        {
            return (0, null);
        }

        if (text.TryTake("+"))
        {
            return (1, null);
        }

        if (text.TryTake("?"))
        {
            return (0, 1);
        }

        if (!text.TryTake("{"))
        {
            return null;
        }

        text.SkipSpace();
        int? min = text.TryTakeNumber();
        int? max = min;
        text.SkipSpace();
        if (text.TryTake(","))
        {
            text.SkipSpace();
            max = text.TryTakeNumber();
            text.SkipSpace();
        }

        return min is int least && text.TryTake("}") ? (least, max) : throw text.Error(start, "has a repeat that is not {m}, {m,} or {m,n}");
    }
}
