using System.Text.Json;
using System.Text.Json.Nodes;
using HunyuanOrleans.Grammar.Automata;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>One schema object, read with errors that name the keyword and the place.</summary>
/// <param name="scope">The constraint's bounds.</param>
/// <param name="schema">The object.</param>
/// <param name="pointer">Where it is, as a JSON pointer.</param>
internal sealed class SchemaReader(AutomatonScope scope, JsonObject schema, string pointer)
{
    public JsonObject Schema => schema;

    public string Pointer => pointer;

    /// <summary>The error for a keyword here.</summary>
    public ConstraintException Error(string keyword, string problem)
        => scope.Error($"The JSON schema's \"{keyword}\" at {Place} {problem}.");

    /// <summary>The place in words.</summary>
    public string Place => pointer.Length == 0 ? "the top" : pointer;

    public bool Has(string keyword) => schema.ContainsKey(keyword);

    public bool HasAny(string[] keywords) => keywords.Any(schema.ContainsKey);

    public JsonNode? Get(string keyword) => schema[keyword];

    public string Below(string keyword) => $"{pointer}/{keyword}";

    /// <summary>A count: an integer from 0 on; null where the keyword is missing.</summary>
    public int? Count(string keyword)
    {
        if (!schema.TryGetPropertyValue(keyword, out JsonNode? node))
        {
            return null;
        }

        return node is JsonValue value && value.TryGetValue(out double number) && number >= 0 && number <= int.MaxValue && number == Math.Floor(number)
            ? (int)number
            : throw Error(keyword, $"is {Shown(node)}; allowed: an integer from 0 on");
    }

    /// <summary>A number; null where the keyword is missing.</summary>
    public ExactDecimal? Number(string keyword)
    {
        if (!schema.TryGetPropertyValue(keyword, out JsonNode? node))
        {
            return null;
        }

        if (node?.GetValueKind() != JsonValueKind.Number)
        {
            throw Error(keyword, $"is {Shown(node)}; allowed: a number");
        }

        return ExactDecimal.TryParse(node.ToJsonString(), out ExactDecimal number)
            ? number
            : throw Error(keyword, $"is {Shown(node)}; allowed: a number of at most {ExactDecimal.MaxDigits} digits");
    }

    /// <summary>A text; null where the keyword is missing.</summary>
    public string? Text(string keyword)
    {
        if (!schema.TryGetPropertyValue(keyword, out JsonNode? node))
        {
            return null;
        }

        return node?.GetValueKind() == JsonValueKind.String
            ? node.GetValue<string>()
            : throw Error(keyword, $"is {Shown(node)}; allowed: a string");
    }

    /// <summary>An array; null where the keyword is missing.</summary>
    public JsonArray? List(string keyword)
    {
        if (!schema.TryGetPropertyValue(keyword, out JsonNode? node))
        {
            return null;
        }

        return node as JsonArray ?? throw Error(keyword, $"is {Shown(node)}; allowed: an array");
    }

    /// <summary>An array of texts; empty where the keyword is missing.</summary>
    public string[] Texts(string keyword)
        => [.. (List(keyword) ?? []).Select(item => item?.GetValueKind() == JsonValueKind.String
            ? item.GetValue<string>()
            : throw Error(keyword, $"holds {Shown(item)}; allowed: strings"))];

    /// <summary>An object; null where the keyword is missing.</summary>
    public JsonObject? Map(string keyword)
    {
        if (!schema.TryGetPropertyValue(keyword, out JsonNode? node))
        {
            return null;
        }

        return node as JsonObject ?? throw Error(keyword, $"is {Shown(node)}; allowed: an object");
    }

    /// <summary>Refuses keywords that restrict values in a way that cannot be followed.</summary>
    public void RequireKnown()
    {
        foreach ((string keyword, JsonNode? value) in schema)
        {
            // Asking for what holds anyway asks for nothing.
            bool idle = keyword == "uniqueItems" && value?.GetValueKind() == JsonValueKind.False;
            if (!idle && !SchemaKeywords.IsConstraining(keyword) && !SchemaKeywords.IsNote(keyword))
            {
                throw Error(keyword, $"is not supported; supported are {SchemaKeywords.Supported}");
            }
        }
    }

    private static string Shown(JsonNode? node)
    {
        string text = node?.ToJsonString() ?? "null";
        return text.Length <= 60 ? text : $"{text.AsSpan(0, 60)}…";
    }
}
