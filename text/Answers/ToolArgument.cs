using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace HunyuanOrleans.Text.Answers;

/// <summary>
/// Converts the text of an argument to JSON by the types that its schema allows, in this order: boolean, integer, number, other JSON values, text. Without
/// a schema, or where nothing else fits, an argument is text.
/// </summary>
public static class ToolArgument
{
    // Schemas come from requests, and may refer to themselves.
    private const int MaxDepth = 16;

    // Longer numbers take more time to convert than they are worth.
    private const int MaxDigits = 1000;

    /// <summary>Writes a text as a JSON string, with characters of all languages as they are.</summary>
    public static string Quote(string text) => $"\"{JsonEncodedText.Encode(Encoding.UTF8.GetBytes(text), JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";

    /// <summary>Converts the text of an argument.</summary>
    /// <param name="text">What the model wrote.</param>
    /// <param name="parameters">The JSON schema of the function's arguments; null if it has none.</param>
    /// <param name="name">The argument's name.</param>
    /// <returns>A JSON value.</returns>
    public static string ToJson(string text, JsonElement? parameters, string name)
    {
        HashSet<string> types = TypesOf(parameters, name);
        string trimmed = text.Trim();
        if (types.Contains("boolean") && (trimmed.Equals("true", StringComparison.OrdinalIgnoreCase) || trimmed.Equals("false", StringComparison.OrdinalIgnoreCase)))
        {
            return trimmed.ToLowerInvariant();
        }

        if (types.Contains("integer") && ToInteger(trimmed) is { } whole)
        {
            return whole;
        }

        if (types.Contains("number") && ToNumber(trimmed) is { } number)
        {
            return number;
        }

        bool isText = types.Count == 0 || types.Contains("string");
        bool isOther = types.Contains("object") || types.Contains("array");
        return (isOther || !isText) && ToJsonValue(trimmed) is { } value ? value : Quote(text);
    }

    /// <summary>The JSON types that the schema of an argument allows, without null; empty if it says nothing.</summary>
    /// <param name="parameters">The JSON schema of the function's arguments; null if it has none.</param>
    /// <param name="name">The argument's name.</param>
    public static HashSet<string> TypesOf(JsonElement? parameters, string name)
    {
        HashSet<string> types = [];
        if (parameters is { ValueKind: JsonValueKind.Object } root
            && root.TryGetProperty("properties", out JsonElement properties) && properties.ValueKind == JsonValueKind.Object
            && properties.TryGetProperty(name, out JsonElement schema))
        {
            Collect(root, schema, types, 0);
        }

        return types;
    }

    private static void Collect(JsonElement root, JsonElement schema, HashSet<string> types, int depth)
    {
        if (schema.ValueKind != JsonValueKind.Object || depth > MaxDepth)
        {
            return;
        }

        if (schema.TryGetProperty("type", out JsonElement type))
        {
            foreach (JsonElement one in type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray()] : new[] { type })
            {
                if (one.ValueKind == JsonValueKind.String && one.GetString() is { } name && name != "null")
                {
                    types.Add(Canonical(name));
                }
            }
        }

        foreach (string union in (ReadOnlySpan<string>)["anyOf", "oneOf", "allOf"])
        {
            if (schema.TryGetProperty(union, out JsonElement parts) && parts.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement part in parts.EnumerateArray())
                {
                    Collect(root, part, types, depth + 1);
                }
            }
        }

        if (schema.TryGetProperty("$ref", out JsonElement reference) && Resolve(root, reference) is { } target)
        {
            Collect(root, target, types, depth + 1);
        }
    }

    private static JsonElement? Resolve(JsonElement root, JsonElement reference)
    {
        if (reference.ValueKind != JsonValueKind.String || reference.GetString() is not { } path || !path.StartsWith("#/", StringComparison.Ordinal))
        {
            return null;
        }

        JsonElement at = root;
        foreach (string step in path[2..].Split('/'))
        {
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal), out at))
            {
                return null;
            }
        }

        return at;
    }

    // Schemas of tools are often generated, with the names of a programming language.
    private static string Canonical(string type) => type.ToLowerInvariant() switch
    {
        "str" or "text" => "string",
        "bool" => "boolean",
        "int" or "int32" or "int64" or "long" or "short" or "uint" => "integer",
        "float" or "double" or "float32" or "float64" or "decimal" => "number",
        "dict" or "map" => "object",
        "list" or "tuple" or "set" => "array",
        string other => other,
    };

    private static string? ToInteger(string text) =>
        text.Length <= MaxDigits && BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out BigInteger whole)
            ? whole.ToString(CultureInfo.InvariantCulture)
            : null;

    // A number without a decimal point or exponent is a whole number.
    private static string? ToNumber(string text)
    {
        if (!text.AsSpan().ContainsAny('.', 'e', 'E') && ToInteger(text) is { } whole)
        {
            return whole;
        }

        const NumberStyles Styles = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(text, Styles, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value)
            ? value.ToString("R", CultureInfo.InvariantCulture)
            : null;
    }

    private static string? ToJsonValue(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(SurrogateEscapes.Mend(text));
            JsonElement root = document.RootElement;

            // Readers of JSON would take a number like 1e999 as infinity, which is not a JSON value.
            return root.ValueKind == JsonValueKind.Number && !double.IsFinite(root.GetDouble()) ? null : root.GetRawText();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
