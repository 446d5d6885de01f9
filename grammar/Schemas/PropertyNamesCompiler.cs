using System.Text.Json;
using System.Text.Json.Nodes;
using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Nodes;
using HunyuanOrleans.Grammar.Patterns;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>
/// Compiles the keyword <c>propertyNames</c>: listed names, patterns, formats, lengths, and combinations of them. Anything else in it is
/// left out, so that it never makes a schema fail. Each name has only one spelling, with the shortest escapes.
/// </summary>
/// <param name="context">The constraint's ids and limits.</param>
/// <param name="json">The grammar of JSON in this constraint.</param>
/// <param name="resolve">Returns the schema that a reference points to.</param>
internal sealed class PropertyNamesCompiler(GrammarContext context, JsonGrammar json, Func<SchemaReader, string, JsonNode?> resolve)
{
    /// <summary>Maximum of minLength and maxLength; longer ones are left out. Each character takes states of its own.</summary>
    private const int MaxLength = 1_000;

    private const int MaxDepth = 16;

    private static readonly GrammarNode Quote = new LiteralNode("\"");

    /// <summary>Returns a rule of the allowed names with their quotes, or null if all names are allowed.</summary>
    /// <param name="schema">The object's schema.</param>
    public NfaRule? Compile(SchemaReader schema)
        => NamesOf(schema.Get("propertyNames"), schema.PointerTo("propertyNames"), 0) is { } names ? NfaRule.CreateStandalone(context, names) : null;

    /// <summary>Returns whether a rule made by <see cref="Compile"/> allows a name.</summary>
    public static bool Allows(NfaRule names, string name)
    {
        RuleState? state = names.Productive ? names.Start : null;
        foreach (byte value in System.Text.Encoding.UTF8.GetBytes($"\"{JsonCharacterEncoding.Escape(name)}\""))
        {
            state = state?.Step(value);
        }

        return state is { Accepting: true };
    }

    /// <summary>Returns a node that accepts the allowed names and calls no rules, or null if all names are allowed.</summary>
    private GrammarNode? NamesOf(JsonNode? node, string pointer, int depth)
    {
        if (node?.GetValueKind() == JsonValueKind.False)
        {
            return GrammarNode.Nothing;
        }

        if (node is not JsonObject map || depth > MaxDepth)
        {
            return null;
        }

        SchemaReader schema = new(context, map, pointer);
        List<Rule> rules = [];
        foreach ((string keyword, JsonNode? value) in map)
        {
            GrammarNode? names = keyword switch
            {
                "$ref" when TextOf(value) is { } reference => NamesOf(resolve(schema, reference), pointer, depth + 1),
                "enum" when value is JsonArray listed => new ChoiceNode([.. listed.Select(TextOf).OfType<string>().Select(NameOf)]),
                "const" => TextOf(value) is { } name ? NameOf(name) : GrammarNode.Nothing,
                "pattern" when TextOf(value) is { } pattern => Matching(pattern, search: true),
                "format" when TextOf(value) is { } format && StringFormats.PatternOf(format) is { } pattern => Matching(pattern, search: false),
                "anyOf" or "oneOf" when value is JsonArray branches => AnyOf([.. branches.Select(branch => NamesOf(branch, pointer, depth + 1))]),
                "allOf" when value is JsonArray parts => AllOf(parts.Select(part => NamesOf(part, pointer, depth + 1))),
                _ => null,
            };
            if (names is not null)
            {
                rules.Add(NfaRule.CreateStandalone(context, names));
            }
        }

        (int min, int? max) = (LengthOf(map["minLength"]) ?? 0, LengthOf(map["maxLength"]));
        if (min > 0 || max is not null)
        {
            rules.Add(new CountedRule(context, "name", json.Character, min, max, (byte)'"', (byte)'"', registered: false));
        }

        return rules.Count == 0 ? null : new IntersectionNode(context, rules);
    }

    private GrammarNode? Matching(string pattern, bool search)
    {
        try
        {
            GrammarNode content = RegexParser.Parse(
                context, pattern, JsonCharacterEncoding.Instance, search, allowRules: false, "The pattern of property names");
            return new SequenceNode([Quote, content, Quote]);
        }
        catch (ConstraintException)
        {
            // The pattern uses something unsupported. The names are free then.
            return null;
        }
    }

    private static ChoiceNode? AnyOf(GrammarNode?[] branches)
        => branches.Contains(null) ? null : new ChoiceNode([.. branches.OfType<GrammarNode>()]);

    private IntersectionNode? AllOf(IEnumerable<GrammarNode?> parts)
    {
        Rule[] rules = [.. parts.OfType<GrammarNode>().Select(part => NfaRule.CreateStandalone(context, part))];
        return rules.Length == 0 ? null : new IntersectionNode(context, rules);
    }

    private static LiteralNode NameOf(string name) => new($"\"{JsonCharacterEncoding.Escape(name)}\"");

    private static string? TextOf(JsonNode? node) => node?.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : null;

    private static int? LengthOf(JsonNode? node)
        => node is JsonValue value && value.TryGetValue(out double number) && number >= 0 && number <= MaxLength && number == Math.Floor(number)
            ? (int)number
            : null;
}
