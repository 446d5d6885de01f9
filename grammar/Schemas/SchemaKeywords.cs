namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>The JSON schema keywords that are supported or can be ignored.</summary>
internal static class SchemaKeywords
{
    /// <summary>Keywords of objects.</summary>
    public static readonly string[] OfObjects = ["properties", "required", "additionalProperties", "propertyNames"];

    /// <summary>Keywords of arrays.</summary>
    public static readonly string[] OfArrays = ["items", "prefixItems", "minItems", "maxItems"];

    /// <summary>Keywords of strings.</summary>
    public static readonly string[] OfStrings = ["minLength", "maxLength", "pattern"];

    /// <summary>Keywords of numbers.</summary>
    public static readonly string[] OfNumbers = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];

    private static readonly string[] Others = ["type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref", "format", "nullable"];

    private static readonly HashSet<string> Restricting = [.. OfObjects, .. OfArrays, .. OfStrings, .. OfNumbers, .. Others];

    /// <summary>Keywords that do not restrict values: annotations, and containers of schemas that references point to.</summary>
    private static readonly HashSet<string> Annotations =
    [
        "$schema", "$id", "$comment", "$defs", "definitions", "title", "description", "default", "example", "examples", "deprecated",
        "readOnly", "writeOnly", "discriminator", "contentMediaType", "contentEncoding", "strict", "externalDocs", "xml",
    ];

    /// <summary>Returns true for a supported keyword that restricts values.</summary>
    public static bool IsSupported(string keyword) => Restricting.Contains(keyword);

    /// <summary>Returns true for a keyword that does not restrict values.</summary>
    public static bool IsAnnotation(string keyword) => Annotations.Contains(keyword) || keyword.StartsWith("x-", StringComparison.Ordinal);

    /// <summary>The supported keywords, for errors.</summary>
    public static string Supported { get; } = string.Join(", ", Restricting.Order(StringComparer.Ordinal)) + " and annotations";
}
