using System.Text.Json;
using System.Text.Json.Nodes;
using HunyuanOrleans.Grammar.Automata;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>Reads the keywords of one schema object; its errors name the keyword and the place.</summary>
/// <param name="context">Creates errors.</param>
/// <param name="schema">The schema object.</param>
/// <param name="pointer">The JSON pointer to the object.</param>
internal sealed class SchemaReader(GrammarContext context, JsonObject schema, string pointer)
{
    public JsonObject Schema => schema;

    public string Pointer => pointer;

    /// <summary>Creates the exception for a problem with a keyword.</summary>
    public ConstraintException Error(string keyword, string problem)
        => context.Error($"The JSON schema's \"{keyword}\" at {Place} {problem}.");

    /// <summary>The place of the schema as errors name it.</summary>
    public string Place => pointer.Length == 0 ? "the top" : pointer;

    public bool Has(string keyword) => schema.ContainsKey(keyword);

    public bool HasAny(string[] keywords) => keywords.Any(schema.ContainsKey);

    public JsonNode? Get(string keyword) => schema[keyword];

    /// <summary>Returns the JSON pointer to a keyword's value.</summary>
    public string PointerTo(string keyword) => $"{pointer}/{keyword}";

    /// <summary>Returns a non-negative integer, or null if the keyword is missing.</summary>
    public int? GetCount(string keyword)
    {
        if (!schema.TryGetPropertyValue(keyword, out JsonNode? node))
        {
            return null;
        }

        return node is JsonValue value && value.TryGetValue(out double number) && number >= 0 && number <= int.MaxValue && number == Math.Floor(number)
            ? (int)number
            : throw Error(keyword, $"is {Abbreviate(node)}; allowed: an integer of at least 0");
    }

    /// <summary>Returns a number, or null if the keyword is missing.</summary>
    public ExactDecimal? GetNumber(string keyword)
    {
        if (!schema.TryGetPropertyValue(keyword, out JsonNode? node))
        {
            return null;
        }

        if (node?.GetValueKind() != JsonValueKind.Number)
        {
            throw Error(keyword, $"is {Abbreviate(node)}; allowed: a number");
        }

        return ExactDecimal.TryParse(node.ToJsonString(), out ExactDecimal number)
            ? number
            : throw Error(keyword, $"is {Abbreviate(node)}; allowed: a number of at most {ExactDecimal.MaxDigits} digits");
    }

    /// <summary>Returns a string, or null if the keyword is missing.</summary>
    public string? GetString(string keyword)
    {
        if (!schema.TryGetPropertyValue(keyword, out JsonNode? node))
        {
            return null;
        }

        return node?.GetValueKind() == JsonValueKind.String
            ? node.GetValue<string>()
            : throw Error(keyword, $"is {Abbreviate(node)}; allowed: a string");
    }

    /// <summary>Returns an array, or null if the keyword is missing.</summary>
    public JsonArray? GetArray(string keyword)
    {
        if (!schema.TryGetPropertyValue(keyword, out JsonNode? node))
        {
            return null;
        }

        return node as JsonArray ?? throw Error(keyword, $"is {Abbreviate(node)}; allowed: an array");
    }

    /// <summary>Returns an array of strings, which is empty if the keyword is missing.</summary>
    public string[] GetStrings(string keyword)
        => [.. (GetArray(keyword) ?? []).Select(item => item?.GetValueKind() == JsonValueKind.String
            ? item.GetValue<string>()
            : throw Error(keyword, $"holds {Abbreviate(item)}; allowed: strings"))];

    /// <summary>Returns an object, or null if the keyword is missing.</summary>
    public JsonObject? GetObject(string keyword)
    {
        if (!schema.TryGetPropertyValue(keyword, out JsonNode? node))
        {
            return null;
        }

        return node as JsonObject ?? throw Error(keyword, $"is {Abbreviate(node)}; allowed: an object");
    }

    /// <summary>Throws if the schema has a keyword that restricts values and is not supported.</summary>
    public void RejectUnsupported()
    {
        foreach ((string keyword, JsonNode? value) in schema)
        {
            // "uniqueItems": false is the default and restricts nothing.
            bool isDefault = keyword == "uniqueItems" && value?.GetValueKind() == JsonValueKind.False;
            if (!isDefault && !SchemaKeywords.IsSupported(keyword) && !SchemaKeywords.IsAnnotation(keyword))
            {
                throw Error(keyword, $"is not supported; supported are {SchemaKeywords.Supported}");
            }
        }
    }

    private static string Abbreviate(JsonNode? node)
    {
        string text = node?.ToJsonString() ?? "null";
        return text.Length <= 60 ? text : $"{text.AsSpan(0, 60)}…";
    }
}
