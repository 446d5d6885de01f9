using System.Text.Json.Nodes;
using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>Compiles the object keywords of a schema.</summary>
/// <param name="context">The constraint's ids and limits.</param>
/// <param name="json">The grammar of JSON in this constraint.</param>
/// <param name="compile">Compiles a nested schema, given its JSON pointer.</param>
/// <param name="resolve">Returns the schema that a reference points to.</param>
internal sealed class ObjectSchemaCompiler(
    GrammarContext context, JsonGrammar json, Func<JsonNode?, string, GrammarNode> compile, Func<SchemaReader, string, JsonNode?> resolve)
{
    /// <summary>
    /// Maximum number of properties that have the white space between them in their own automaton. With more, the states of the white
    /// space times the properties would be too many, so it is a rule of its own.
    /// </summary>
    private const int MaxExpandedProperties = 16;

    /// <summary>Returns a node that accepts the objects which the schema allows.</summary>
    public GrammarNode Compile(SchemaReader schema)
    {
        if (!schema.HasAny(SchemaKeywords.OfObjects))
        {
            return json.Object;
        }

        JsonObject named = schema.GetObject("properties") ?? [];
        string[] required = [.. schema.GetStrings("required").Distinct()];
        bool allowsAdditional = schema.Has("additionalProperties") || (named.Count == 0 && required.Length == 0);
        JsonNode? additionalSchema = schema.Get("additionalProperties");
        GrammarNode? additional = !allowsAdditional ? null
            : schema.Has("additionalProperties") ? compile(additionalSchema, schema.PointerTo("additionalProperties"))
            : json.Value;
        additional = additional == GrammarNode.Nothing ? null : additional;

        HashSet<string> requiredNames = [.. required];
        List<NamedProperty> properties = [];
        foreach ((string name, JsonNode? value) in named)
        {
            string pointer = $"{schema.PointerTo("properties")}/{EscapePointer(name)}";
            properties.Add(new NamedProperty(name, compile(value, pointer), requiredNames.Contains(name)));
        }

        foreach (string name in required.Where(name => !named.ContainsKey(name)))
        {
            // A property named by "required" alone is an additional property. It is rejected only if "additionalProperties" is false.
            if (additional is null && schema.Has("additionalProperties"))
            {
                throw schema.Error("required", $"names \"{name}\", which \"additionalProperties\" does not allow");
            }

            properties.Add(new NamedProperty(name, additional ?? json.Value, true));
        }

        NfaRule? names = new PropertyNamesCompiler(context, json, resolve).Compile(schema);
        AdditionalProperties? more = additional is null ? null
            : new AdditionalProperties(KeyOf([.. properties.Select(static property => property.Name)], names), MakeRule(schema, additional));
        if (names is not null)
        {
            if (properties.Exists(property => property.Required && !PropertyNamesCompiler.Allows(names, property.Name)))
            {
                return GrammarNode.Nothing;
            }

            properties.RemoveAll(property => !PropertyNamesCompiler.Allows(names, property.Name));
        }

        return new ObjectNode(properties, more, properties.Count > MaxExpandedProperties ? json.SharedWhiteSpace : JsonGrammar.WhiteSpace);
    }

    /// <summary>Returns a node that accepts the names of additional properties.</summary>
    /// <param name="taken">The names of the named properties.</param>
    /// <param name="allowed">The names that "propertyNames" allows; null for all.</param>
    private GrammarNode KeyOf(string[] taken, NfaRule? allowed)
    {
        if (allowed is null)
        {
            return taken.Length == 0 ? json.String() : new OtherKeysNode(taken, json.StringTail);
        }

        return new IntersectionNode(
            context, taken.Length == 0 ? [allowed] : [allowed, NfaRule.CreateStandalone(context, new OtherKeysNode(taken, JsonStringCharacter.Tail))]);
    }

    /// <summary>Makes a rule of a node, so that its automaton is built once.</summary>
    private CallNode MakeRule(SchemaReader schema, GrammarNode node)
    {
        if (node is CallNode call)
        {
            return call;
        }

        var rule = new NfaRule(context, $"The JSON schema's {schema.PointerTo("additionalProperties")}");
        rule.SetBody(node);
        return new CallNode(rule);
    }

    private static string EscapePointer(string name)
        => name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
}
