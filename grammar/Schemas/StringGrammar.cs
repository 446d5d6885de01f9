using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Nodes;
using HunyuanOrleans.Grammar.Patterns;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>
/// Strings of a schema. Text that a pattern or a format asks for is written in one way only, with the shortest escapes; other text
/// in any way that JSON allows.
/// </summary>
internal sealed class StringGrammar(AutomatonScope scope, JsonGrammar json)
{
    /// <summary>Largest bound of a length.</summary>
    private const int MaxLength = 1_000_000;

    private static readonly Node Quote = new BytesNode("\"");

    /// <summary>Accepts what a schema allows.</summary>
    public Node Read(SchemaReader schema)
    {
        int min = Length(schema, "minLength") ?? 0;
        int? max = Length(schema, "maxLength");
        if (max < min)
        {
            return Node.Nothing;
        }

        List<(string Pattern, bool Search, string Where)> patterns = [];
        if (schema.Text("pattern") is { } pattern)
        {
            patterns.Add((pattern, true, $"The pattern at {schema.Below("pattern")}"));
        }

        if (schema.Text("format") is { } format)
        {
            string form = StringFormats.PatternOf(format)
                ?? throw schema.Error("format", $"is \"{format}\", which is not supported; supported are {StringFormats.Names}");
            patterns.Add((form, false, $"The format at {schema.Below("format")}"));
        }

        if (patterns.Count == 0)
        {
            return json.String(min, max);
        }

        bool single = patterns.Count == 1 && min == 0 && max is null;
        List<Node> contents = [.. patterns.Select(
            item => RegexParser.Parse(scope, item.Pattern, JsonCode.Instance, item.Search, calls: single, item.Where))];
        if (single)
        {
            return new SequenceNode([Quote, contents[0], Quote]);
        }

        List<Rule> rules = [.. contents.Select(content => NfaRule.Plain(scope, content))];
        if (min > 0 || max is not null)
        {
            rules.Add(new CountedRule(scope, "string", json.Character, min, max, listed: false));
        }

        return new SequenceNode([Quote, new CommonNode(scope, rules), Quote]);
    }

    private static int? Length(SchemaReader schema, string keyword)
        => schema.Count(keyword) is int length && length > MaxLength
            ? throw schema.Error(keyword, $"is {length}; allowed: 0 to {MaxLength}")
            : schema.Count(keyword);
}
