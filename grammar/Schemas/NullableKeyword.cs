using System.Text.Json;
using System.Text.Json.Nodes;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>
/// OpenAPI's keyword <c>nullable</c>, expressed in other keywords: true means that the value may also be null, anything else means nothing.
/// </summary>
internal static class NullableKeyword
{
    /// <summary>Returns a schema without the keyword: the given one, if it has none.</summary>
    public static JsonObject Expand(JsonObject schema)
    {
        if (!schema.TryGetPropertyValue("nullable", out JsonNode? nullable))
        {
            return schema;
        }

        var expanded = (JsonObject)schema.DeepClone();
        expanded.Remove("nullable");
        if (nullable?.GetValueKind() != JsonValueKind.True)
        {
            return expanded;
        }

        return TryExtend(expanded) ? expanded : new JsonObject { ["anyOf"] = new JsonArray(expanded, new JsonObject { ["type"] = "null" }) };
    }

    /// <summary>Adds null to the type and to the listed values; returns false if other keywords would still exclude it.</summary>
    private static bool TryExtend(JsonObject schema)
    {
        if (schema["type"] is not { } type || schema.Any(static pair => pair.Key is "const" or "anyOf" or "oneOf" or "allOf" or "$ref"))
        {
            return false;
        }

        JsonArray types = type as JsonArray ?? new JsonArray(type.DeepClone());
        if (!types.Any(static name => name is JsonValue value && value.TryGetValue(out string? text) && text == "null"))
        {
            types.Add("null");
        }

        if (types != type)
        {
            schema["type"] = types;
        }

        if (schema["enum"] is JsonArray values && !values.Contains(null))
        {
            values.Add(null);
        }

        return true;
    }
}
