using System.Globalization;
using System.Text.Json.Nodes;
using HunyuanOrleans.Grammar.Automata;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>References within one schema: <c>#</c> and <c>#/path/to/part</c>.</summary>
internal static class SchemaPointer
{
    /// <summary>A reference as a fragment without percent codes.</summary>
    public static string Normal(string reference, SchemaReader schema)
    {
        if (reference != "#" && !reference.StartsWith("#/", StringComparison.Ordinal))
        {
            throw schema.Error("$ref", $"is \"{reference}\", which is not supported; allowed: # and #/… within the same schema");
        }

        return Uri.UnescapeDataString(reference);
    }

    /// <summary>What a fragment refers to.</summary>
    public static JsonNode? Find(AutomatonScope scope, JsonNode? root, string fragment)
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
                throw scope.Error($"The JSON schema refers to {fragment}, which is not there.");
            }
        }

        return node;
    }
}
