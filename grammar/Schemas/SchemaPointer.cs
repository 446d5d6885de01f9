using System.Globalization;
using System.Text.Json.Nodes;
using HunyuanOrleans.Grammar.Automata;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>Resolves references within one schema: <c>#</c> and <c>#/path/to/part</c>.</summary>
internal static class SchemaPointer
{
    /// <summary>Checks a reference and returns it without percent-encoding.</summary>
    /// <param name="reference">The value of <c>$ref</c>.</param>
    /// <param name="schema">The schema that contains the reference, for errors.</param>
    public static string Normalize(string reference, SchemaReader schema)
    {
        if (reference != "#" && !reference.StartsWith("#/", StringComparison.Ordinal))
        {
            throw schema.Error("$ref", $"is \"{reference}\", which is not supported; allowed: # and #/… within the same schema");
        }

        return Uri.UnescapeDataString(reference);
    }

    /// <summary>Returns the schema that a normalized reference points to.</summary>
    /// <exception cref="ConstraintException">The reference points to nothing.</exception>
    public static JsonNode? Resolve(GrammarContext context, JsonNode? root, string fragment)
    {
        JsonNode? node = root;
        foreach (string part in fragment.Split('/').Skip(1))
        {
            string name = part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            bool found = node switch
            {
                JsonObject map => map.TryGetPropertyValue(name, out node),
                JsonArray list => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < list.Count
                    && (node = list[index]) is not null,
                _ => false,
            };
            if (!found)
            {
                throw context.Error($"The JSON schema refers to {fragment}, which does not exist.");
            }
        }

        return node;
    }
}
