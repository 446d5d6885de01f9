using System.Text.Json.Nodes;
using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>Compiles the array keywords of a schema.</summary>
/// <param name="context">The constraint's ids and limits.</param>
/// <param name="json">The grammar of JSON in this constraint.</param>
/// <param name="compile">Compiles a nested schema, given its JSON pointer.</param>
internal sealed class ArraySchemaCompiler(GrammarContext context, JsonGrammar json, Func<JsonNode?, string, GrammarNode> compile)
{
    /// <summary>Maximum of minItems and maxItems. Each counted item takes a state.</summary>
    private const int MaxItemCount = 10_000;

    /// <summary>Returns a node that accepts the arrays which the schema allows.</summary>
    public GrammarNode Compile(SchemaReader schema)
    {
        if (!schema.HasAny(SchemaKeywords.OfArrays))
        {
            return json.Array;
        }

        int min = ItemCount(schema, "minItems") ?? 0;
        int? max = ItemCount(schema, "maxItems");
        JsonArray first = schema.GetArray("prefixItems") ?? [];
        GrammarNode[] fixedItems = [.. first.Select((item, i) => compile(item, $"{schema.PointerTo("prefixItems")}/{i}"))];
        GrammarNode? rest = schema.Has("items") ? compile(schema.Get("items"), schema.PointerTo("items"))
            : fixedItems.Length > 0 ? null
            : json.Value;
        if (rest == GrammarNode.Nothing)
        {
            rest = null;
        }

        if (max < min || (rest is null && min > fixedItems.Length))
        {
            return GrammarNode.Nothing;
        }

        if (rest is null)
        {
            return new ArrayNode(fixedItems, null, min, max, null);
        }

        // Make rules of the item and of comma and item: then a counted array holds one call per item, not a copy of the item.
        CallNode item = MakeRule(rest, schema.PointerTo("items"));
        return new ArrayNode(fixedItems, item, min, max, MakeRule(ArrayNode.Separated(item), schema.PointerTo("items")));
    }

    private CallNode MakeRule(GrammarNode node, string pointer)
    {
        if (node is CallNode call)
        {
            return call;
        }

        var rule = new NfaRule(context, $"The JSON schema's {pointer}");
        rule.SetBody(node);
        return new CallNode(rule);
    }

    private static int? ItemCount(SchemaReader schema, string keyword)
        => schema.GetCount(keyword) is int count && count > MaxItemCount
            ? throw schema.Error(keyword, $"is {count}; allowed: 0 to {MaxItemCount}")
            : schema.GetCount(keyword);
}
