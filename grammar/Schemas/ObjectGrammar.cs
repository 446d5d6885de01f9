using System.Text.Json.Nodes;
using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>Objects of a schema.</summary>
/// <param name="scope">The constraint's bounds.</param>
/// <param name="json">JSON's own grammar in that constraint.</param>
/// <param name="read">Reads a schema within, given where it is.</param>
internal sealed class ObjectGrammar(AutomatonScope scope, JsonGrammar json, Func<JsonNode?, string, Node> read)
{
    /// <summary>Accepts what a schema allows.</summary>
    public Node Read(SchemaReader schema)
    {
        if (!schema.HasAny(SchemaKeywords.OfObjects))
        {
            return json.Object;
        }

        JsonObject named = schema.Map("properties") ?? [];
        string[] required = [.. schema.Texts("required").Distinct()];
        bool open = schema.Has("additionalProperties") || (named.Count == 0 && required.Length == 0);
        JsonNode? otherSchema = schema.Get("additionalProperties");
        Node? other = !open ? null
            : schema.Has("additionalProperties") ? read(otherSchema, schema.Below("additionalProperties"))
            : json.Value;
        other = other == Node.Nothing ? null : other;

        HashSet<string> must = [.. required];
        List<NamedProperty> properties = [];
        foreach ((string name, JsonNode? value) in named)
        {
            properties.Add(new NamedProperty(name, read(value, $"{schema.Below("properties")}/{Escape(name)}"), must.Contains(name)));
        }

        foreach (string name in required.Where(name => !named.ContainsKey(name)))
        {
            // Named by "required" alone: it is one of the others, and those are closed only where that is said.
            if (other is null && schema.Has("additionalProperties"))
            {
                throw schema.Error("required", $"names \"{name}\", which \"additionalProperties\" does not allow");
            }

            properties.Add(new NamedProperty(name, other ?? json.Value, true));
        }

        if (other is null)
        {
            return new ObjectNode(properties, null);
        }

        Node key = properties.Count == 0 ? json.String() : new OtherKeys(properties.Select(static property => property.Name), json.StringTail);
        return new ObjectNode(properties, new AdditionalProperties(key, Shared(schema, other)));
    }

    /// <summary>The same as a rule of its own, so that it is written once.</summary>
    private CallNode Shared(SchemaReader schema, Node node)
    {
        if (node is CallNode call)
        {
            return call;
        }

        var rule = new NfaRule(scope, $"The JSON schema's {schema.Below("additionalProperties")}");
        node.Fill(rule);
        return new CallNode(rule);
    }

    private static string Escape(string name)
        => name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
}
