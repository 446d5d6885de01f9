using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Nodes;
using HunyuanOrleans.Grammar.Patterns;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>
/// Compiles the string keywords of a schema. A string with a pattern or a format has only one spelling, with the shortest escapes; other
/// strings may have any spelling that JSON allows. A format that is not known restricts nothing.
/// </summary>
internal sealed class StringSchemaCompiler(GrammarContext context, JsonGrammar json)
{
    /// <summary>Maximum of minLength and maxLength.</summary>
    private const int MaxLength = 1_000_000;

    private static readonly GrammarNode Quote = new LiteralNode("\"");

    /// <summary>Returns a node that accepts the strings which the schema allows.</summary>
    public GrammarNode Compile(SchemaReader schema)
    {
        int min = Length(schema, "minLength") ?? 0;
        int? max = Length(schema, "maxLength");
        if (max < min)
        {
            return GrammarNode.Nothing;
        }

        List<(string Pattern, bool Search, string Subject)> patterns = [];
        if (schema.GetString("pattern") is { } pattern)
        {
            patterns.Add((pattern, true, $"The pattern at {schema.PointerTo("pattern")}"));
        }

        if (StringFormats.PatternOf(schema) is { } formatPattern)
        {
            patterns.Add((formatPattern, false, $"The format at {schema.PointerTo("format")}"));
        }

        if (patterns.Count == 0)
        {
            return json.String(min, max);
        }

        bool single = patterns.Count == 1 && min == 0 && max is null;
        List<GrammarNode> contents = [.. patterns.Select(
            item => RegexParser.Parse(context, item.Pattern, JsonCharacterEncoding.Instance, item.Search, allowRules: single, item.Subject))];
        if (single)
        {
            return new SequenceNode([Quote, contents[0], Quote]);
        }

        List<Rule> rules = [.. contents.Select(content => NfaRule.CreateStandalone(context, content))];
        if (min > 0 || max is not null)
        {
            rules.Add(new CountedRule(context, "string", json.Character, min, max, registered: false));
        }

        return new SequenceNode([Quote, new IntersectionNode(context, rules), Quote]);
    }

    private static int? Length(SchemaReader schema, string keyword)
        => schema.GetCount(keyword) is int length && length > MaxLength
            ? throw schema.Error(keyword, $"is {length}; allowed: 0 to {MaxLength}")
            : schema.GetCount(keyword);
}
