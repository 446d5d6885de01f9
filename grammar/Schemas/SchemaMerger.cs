using System.Text.Json;
using System.Text.Json.Nodes;
using HunyuanOrleans.Grammar.Automata;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>
/// Merges two schemas that apply together into one: the parts of <c>allOf</c>, and keywords beside <c>anyOf</c> or <c>$ref</c>. Two
/// values of the same keyword are combined if one value can express both; otherwise the schema is rejected. References are not followed.
/// </summary>
internal sealed class SchemaMerger(GrammarContext context)
{
    /// <summary>Maximum number of JSON values copied for one constraint. It stops schemas that grow exponentially when merged.</summary>
    private const int MaxCopies = 500_000;

    private int _copies;

    /// <summary>Returns a schema that allows what both schemas allow.</summary>
    /// <param name="a">The first schema.</param>
    /// <param name="b">The second schema.</param>
    /// <param name="pointer">JSON pointer of the schemas, for errors.</param>
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
            throw context.Error($"The JSON schema at {pointer} holds something other than an object, true or false.");
        }

        (first, second) = (NullableKeyword.Expand(first), NullableKeyword.Expand(second));
        var merged = (JsonObject)Copy(first)!;
        foreach ((string keyword, JsonNode? value) in second)
        {
            if (SchemaKeywords.IsAnnotation(keyword))
            {
                continue;
            }

            merged[keyword] = first.TryGetPropertyValue(keyword, out JsonNode? existing)
                ? Combine(new SchemaReader(context, first, pointer), keyword, existing, value)
                : Copy(value);
        }

        return merged;
    }

    /// <summary>Returns a copy of a schema without a keyword and without annotations.</summary>
    public JsonObject Without(JsonObject schema, string keyword)
    {
        JsonObject copy = [];
        foreach ((string name, JsonNode? value) in schema)
        {
            if (name != keyword && !SchemaKeywords.IsAnnotation(name))
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
                return MergeProperties(first, second, schema.PointerTo(keyword));
            case "allOf" when a is JsonArray first && b is JsonArray second:
                return new JsonArray([.. first.Concat(second).Select(Copy)]);
            case "required" when a is JsonArray first && b is JsonArray second:
                IEnumerable<string> names = first.Concat(second).Select(static item => item?.ToJsonString() ?? "null").Distinct();
                return new JsonArray([.. names.Select(static text => JsonNode.Parse(text))]);
            case "enum" when a is JsonArray first && b is JsonArray second:
                return new JsonArray([.. first.Where(item => second.Any(other => JsonNode.DeepEquals(item, other))).Select(Copy)]);
            case "type":
                return MergeTypes(schema, a, b);
            case "propertyNames":
                return new JsonObject { ["allOf"] = new JsonArray(Copy(a), Copy(b)) };
            case "format" when !IsKnownFormat(a) || !IsKnownFormat(b):
                return Copy(IsKnownFormat(a) ? a : b);
            case "additionalProperties" or "items":
                return Merge(a, b, schema.PointerTo(keyword));
            case "minimum" or "exclusiveMinimum" or "minLength" or "minItems":
                return Copy(IsLess(schema, keyword, a, b) ? b : a);
            case "maximum" or "exclusiveMaximum" or "maxLength" or "maxItems":
                return Copy(IsLess(schema, keyword, a, b) ? a : b);
            default:
                throw schema.Error(keyword, "has different values in schemas that apply together, which is not supported");
        }
    }

    private JsonObject MergeProperties(JsonObject a, JsonObject b, string pointer)
    {
        var merged = (JsonObject)Copy(a)!;
        foreach ((string name, JsonNode? value) in b)
        {
            merged[name] = a.TryGetPropertyValue(name, out JsonNode? existing) ? Merge(existing, value, $"{pointer}/{name}") : Copy(value);
        }

        return merged;
    }

    private static JsonArray MergeTypes(SchemaReader schema, JsonNode? a, JsonNode? b)
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

    private static bool IsLess(SchemaReader schema, string keyword, JsonNode? a, JsonNode? b)
    {
        if (a?.GetValueKind() == JsonValueKind.Number && b?.GetValueKind() == JsonValueKind.Number
            && ExactDecimal.TryParse(a.ToJsonString(), out ExactDecimal first) && ExactDecimal.TryParse(b.ToJsonString(), out ExactDecimal second))
        {
            return first.CompareTo(second) < 0;
        }

        throw schema.Error(keyword, "is not a number");
    }

    private static bool IsKnownFormat(JsonNode? format)
        => format?.GetValueKind() == JsonValueKind.String && StringFormats.PatternOf(format.GetValue<string>()) is not null;

    private static bool IsBoolean(JsonNode? node, out bool value)
    {
        value = node?.GetValueKind() == JsonValueKind.True;
        return value || node?.GetValueKind() == JsonValueKind.False;
    }

    private JsonNode? Copy(JsonNode? node)
    {
        if (++_copies > MaxCopies)
        {
            throw context.Error("The constraint is too complex: its schema's parts multiply (anyOf, allOf or $ref beside other keywords).");
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
