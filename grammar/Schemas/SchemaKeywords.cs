namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>Which JSON schema keywords there are, as far as they matter here.</summary>
internal static class SchemaKeywords
{
    /// <summary>Keywords of objects.</summary>
    public static readonly string[] OfObjects = ["properties", "required", "additionalProperties"];

    /// <summary>Keywords of arrays.</summary>
    public static readonly string[] OfArrays = ["items", "prefixItems", "minItems", "maxItems"];

    /// <summary>Keywords of strings.</summary>
    public static readonly string[] OfStrings = ["minLength", "maxLength", "pattern", "format"];

    /// <summary>Keywords of numbers.</summary>
    public static readonly string[] OfNumbers = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];

    private static readonly string[] Others = ["type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref"];

    private static readonly HashSet<string> Constraining = [.. OfObjects, .. OfArrays, .. OfStrings, .. OfNumbers, .. Others];

    /// <summary>Keywords that say something about values without restricting them, or hold what others refer to.</summary>
    private static readonly HashSet<string> Notes =
    [
        "$schema", "$id", "$comment", "$defs", "definitions", "title", "description", "default", "example", "examples", "deprecated",
        "readOnly", "writeOnly", "discriminator", "contentMediaType", "contentEncoding", "strict", "externalDocs", "xml",
    ];

    /// <summary>Restricts values, in a way that can be followed.</summary>
    public static bool IsConstraining(string keyword) => Constraining.Contains(keyword);

    /// <summary>Restricts nothing.</summary>
    public static bool IsNote(string keyword) => Notes.Contains(keyword) || keyword.StartsWith("x-", StringComparison.Ordinal);

    /// <summary>What may be used, for errors.</summary>
    public static string Supported { get; } = string.Join(", ", Constraining.Order(StringComparer.Ordinal)) + " and annotations";
}
