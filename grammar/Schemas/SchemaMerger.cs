using System.Text.Json;
using System.Text.Json.Nodes;
using HunyuanOrleans.Grammar.Automata;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>
/// Makes one schema of two that hold together: <c>allOf</c>, and keywords beside <c>anyOf</c> or <c>$ref</c>. What two schemas say
/// of the same keyword is combined where that is a keyword again, else refused. It does not follow references.
/// </summary>
internal sealed class SchemaMerger(AutomatonScope scope)
{
    /// <summary>Most values copied for one constraint: schemas that multiply themselves end here.</summary>
    private const int MaxCopied = 500_000;

    private int _copied;

    /// <summary>A schema that allows what both allow.</summary>
    /// <param name="a">One.</param>
    /// <param name="b">The other.</param>
    /// <param name="pointer">Where, for errors.</param>
    public JsonNode Merge(JsonNode? a, JsonNode? b, string pointer)
    {
        if (IsBoolean(a, out bool always))
        {
            return always ? Copy(b)! : JsonValue.Create(false);
        }

        if (IsBoolean(b, out always))
        {
            return always ? Copy(a)! : JsonValue.Create(false);
        }

        if (a is not JsonObject first || b is not JsonObject second)
        {
            throw scope.Error($"The JSON schema at {pointer} holds something else than an object or true or false.");
        }

        var merged = (JsonObject)Copy(first)!;
        foreach ((string keyword, JsonNode? value) in second)
        {
            if (SchemaKeywords.IsNote(keyword))
            {
                continue;
            }

            merged[keyword] = first.TryGetPropertyValue(keyword, out JsonNode? mine)
                ? Combine(new SchemaReader(scope, first, pointer), keyword, mine, value)
                : Copy(value);
        }

        return merged;
    }

    /// <summary>A copy without a keyword.</summary>
    public JsonObject Without(JsonObject schema, string keyword)
    {
        JsonObject copy = [];
        foreach ((string name, JsonNode? value) in schema)
        {
            if (name != keyword && !SchemaKeywords.IsNote(name))
            {
                copy[name] = Copy(value);
            }
        }

        return copy;
    }

    private JsonNode? Combine(SchemaReader schema, string keyword, JsonNode? a, JsonNode? b)
    {
        if (JsonNode.DeepEquals(a, b))
        {
            return Copy(a);
        }

        switch (keyword)
        {
            case "properties" when a is JsonObject first && b is JsonObject second:
                return Properties(first, second, schema.Below(keyword));
            case "allOf" when a is JsonArray first && b is JsonArray second:
                return new JsonArray([.. first.Concat(second).Select(Copy)]);
            case "required" when a is JsonArray first && b is JsonArray second:
                return new JsonArray([.. first.Concat(second).Select(item => item?.ToJsonString()).Distinct().Select(text => JsonNode.Parse(text ?? "null"))]);
            case "enum" when a is JsonArray first && b is JsonArray second:
                return new JsonArray([.. first.Where(item => second.Any(other => JsonNode.DeepEquals(item, other))).Select(Copy)]);
            case "type":
                return Types(schema, a, b);
            case "additionalProperties" or "items":
                return Merge(a, b, schema.Below(keyword));
            case "minimum" or "exclusiveMinimum" or "minLength" or "minItems":
                return Copy(Less(schema, keyword, a, b) ? b : a);
            case "maximum" or "exclusiveMaximum" or "maxLength" or "maxItems":
                return Copy(Less(schema, keyword, a, b) ? a : b);
            default:
                throw schema.Error(keyword, "is given twice, in parts that hold together, with different values; that is not supported");
        }
    }

    private JsonObject Properties(JsonObject a, JsonObject b, string pointer)
    {
        var merged = (JsonObject)Copy(a)!;
        foreach ((string name, JsonNode? value) in b)
        {
            merged[name] = a.TryGetPropertyValue(name, out JsonNode? mine) ? Merge(mine, value, $"{pointer}/{name}") : Copy(value);
        }

        return merged;
    }

    private static JsonArray Types(SchemaReader schema, JsonNode? a, JsonNode? b)
    {
        string[] first = Names(a), second = Names(b);
        List<JsonNode?> both = [];
        foreach (string type in first)
        {
            if (second.Contains(type) || (type == "integer" && second.Contains("number")))
            {
                both.Add(type);
            }
            else if (type == "number" && second.Contains("integer"))
            {
                both.Add("integer");
            }
        }

        return new JsonArray([.. both]);

        string[] Names(JsonNode? node) => node switch
        {
            JsonArray list => [.. list.Select(Name)],
            _ => [Name(node)],
        };

        string Name(JsonNode? node) => node?.GetValueKind() == JsonValueKind.String
            ? node.GetValue<string>()
            : throw schema.Error("type", "is neither a string nor an array of strings");
    }

    private static bool Less(SchemaReader schema, string keyword, JsonNode? a, JsonNode? b)
    {
        if (a?.GetValueKind() == JsonValueKind.Number && b?.GetValueKind() == JsonValueKind.Number
            && ExactDecimal.TryParse(a.ToJsonString(), out ExactDecimal first) && ExactDecimal.TryParse(b.ToJsonString(), out ExactDecimal second))
        {
            return first.CompareTo(second) < 0;
        }

        throw schema.Error(keyword, "is not a number");
    }

    private static bool IsBoolean(JsonNode? node, out bool value)
    {
        value = node?.GetValueKind() == JsonValueKind.True;
        return value || node?.GetValueKind() == JsonValueKind.False;
    }

    private JsonNode? Copy(JsonNode? node)
    {
        if (++_copied > MaxCopied)
        {
            throw scope.Error("The constraint is too complex: its schema's parts multiply (anyOf, allOf or $ref beside other keywords).");
        }

        switch (node)
        {
            case JsonObject map:
                JsonObject copy = [];
                foreach ((string name, JsonNode? value) in map)
                {
                    copy[name] = Copy(value);
                }

                return copy;
            case JsonArray list:
                return new JsonArray([.. list.Select(Copy)]);
            default:
                return node?.DeepClone();
        }
    }
}
