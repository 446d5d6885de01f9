using System.Text.Json.Nodes;
using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>Arrays of a schema.</summary>
/// <param name="scope">The constraint's bounds.</param>
/// <param name="json">JSON's own grammar in that constraint.</param>
/// <param name="read">Reads a schema within, given where it is.</param>
internal sealed class ArrayGrammar(AutomatonScope scope, JsonGrammar json, Func<JsonNode?, string, Node> read)
{
    /// <summary>Largest bound of a length: each counted item takes a state.</summary>
    private const int MaxCount = 10_000;

    /// <summary>Accepts what a schema allows.</summary>
    public Node Read(SchemaReader schema)
    {
        if (!schema.HasAny(SchemaKeywords.OfArrays))
        {
            return json.Array;
        }

        int min = Count(schema, "minItems") ?? 0;
        int? max = Count(schema, "maxItems");
        JsonArray first = schema.List("prefixItems") ?? [];
        Node[] fixedItems = [.. first.Select((item, i) => read(item, $"{schema.Below("prefixItems")}/{i}"))];
        Node? rest = schema.Has("items") ? read(schema.Get("items"), schema.Below("items"))
            : fixedItems.Length > 0 ? null
            : json.Value;
        if (rest == Node.Nothing)
        {
            rest = null;
        }

        if (max < min || (rest is null && min > fixedItems.Length))
        {
            return Node.Nothing;
        }

        if (rest is null)
        {
            return new ArrayNode(fixedItems, null, min, max, null);
        }

        // Items and commas are rules of their own, so that counted arrays hold a call for each item, not the item itself.
        CallNode item = Rule(rest, schema.Below("items"));
        return new ArrayNode(fixedItems, item, min, max, Rule(ArrayNode.Separated(item), schema.Below("items")));
    }

    private CallNode Rule(Node node, string pointer)
    {
        if (node is CallNode call)
        {
            return call;
        }

        var rule = new NfaRule(scope, $"The JSON schema's {pointer}");
        node.Fill(rule);
        return new CallNode(rule);
    }

    private static int? Count(SchemaReader schema, string keyword)
        => schema.Count(keyword) is int count && count > MaxCount
            ? throw schema.Error(keyword, $"is {count}; allowed: 0 to {MaxCount}")
            : schema.Count(keyword);
}
