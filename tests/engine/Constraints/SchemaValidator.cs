using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace HunyuanOrleans.Engine.Tests.Constraints;

/// <summary>A plain validator of JSON schema, written from the specification apart from the compiler.</summary>
internal sealed class SchemaValidator(string schema)
{
    private readonly JsonElement _root = JsonDocument.Parse(schema).RootElement;

    public bool IsValid(JsonElement value) => Valid(_root, value);

    private bool Valid(JsonElement schema, JsonElement value)
    {
        if (schema.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return schema.ValueKind == JsonValueKind.True;
        }

        return schema.EnumerateObject().All(keyword => Holds(schema, keyword.Name, keyword.Value, value));
    }

    private bool Holds(JsonElement schema, string keyword, JsonElement argument, JsonElement value)
    {
        bool isObject = value.ValueKind == JsonValueKind.Object, isArray = value.ValueKind == JsonValueKind.Array;
        bool isText = value.ValueKind == JsonValueKind.String, isNumber = value.ValueKind == JsonValueKind.Number;
        switch (keyword)
        {
            case "$ref":
                return Valid(argument.GetString()!.Split('/').Skip(1).Aggregate(_root, static (at, name) => at.GetProperty(name)), value);
            case "type":
                return argument.ValueKind == JsonValueKind.Array
                    ? argument.EnumerateArray().Any(type => Is(type.GetString()!, value))
                    : Is(argument.GetString()!, value);
            case "enum":
                return argument.EnumerateArray().Any(item => Same(item, value));
            case "const":
                return Same(argument, value);
            case "anyOf" or "oneOf":
                return argument.EnumerateArray().Any(branch => Valid(branch, value));
            case "allOf":
                return argument.EnumerateArray().All(branch => Valid(branch, value));
            case "properties":
                return !isObject || argument.EnumerateObject().All(p => !value.TryGetProperty(p.Name, out JsonElement of) || Valid(p.Value, of));
            case "required":
                return !isObject || argument.EnumerateArray().All(name => value.TryGetProperty(name.GetString()!, out _));
            case "additionalProperties":
                return !isObject || value.EnumerateObject().All(p =>
                    (schema.TryGetProperty("properties", out JsonElement named) && named.TryGetProperty(p.Name, out _)) || Valid(argument, p.Value));
            case "prefixItems":
                return !isArray || argument.EnumerateArray().Zip(value.EnumerateArray()).All(pair => Valid(pair.First, pair.Second));
            case "items":
                int skip = schema.TryGetProperty("prefixItems", out JsonElement first) ? first.GetArrayLength() : 0;
                return !isArray || value.EnumerateArray().Skip(skip).All(item => Valid(argument, item));
            case "minItems":
                return !isArray || value.GetArrayLength() >= argument.GetInt32();
            case "maxItems":
                return !isArray || value.GetArrayLength() <= argument.GetInt32();
            case "minLength":
                return !isText || value.GetString()!.EnumerateRunes().Count() >= argument.GetInt32();
            case "maxLength":
                return !isText || value.GetString()!.EnumerateRunes().Count() <= argument.GetInt32();
            case "pattern":
                return !isText || Regex.IsMatch(value.GetString()!, argument.GetString()!.Replace("$", "\\z", StringComparison.Ordinal));
            case "format":
                return !isText || IsFormat(argument.GetString()!, value.GetString()!);
            case "minimum":
                return !isNumber || Compare(value, argument) >= 0;
            case "maximum":
                return !isNumber || Compare(value, argument) <= 0;
            case "exclusiveMinimum":
                return !isNumber || Compare(value, argument) > 0;
            case "exclusiveMaximum":
                return !isNumber || Compare(value, argument) < 0;
            case "multipleOf":
                return !isNumber || Remainder(value, argument) == 0;
            case "$defs" or "description":
                return true;
            default:
                throw new NotSupportedException(keyword);
        }
    }

    private static int Compare(JsonElement a, JsonElement b)
        => a.TryGetDecimal(out decimal exact) ? exact.CompareTo(b.GetDecimal()) : a.GetDouble().CompareTo(b.GetDouble());

    private static decimal Remainder(JsonElement value, JsonElement divisor)
    {
        // Long numbers do not fit a decimal; of those only the last digits matter, since their divisors here divide 1000.
        string text = value.GetRawText();
        int point = text.IndexOf('.') is >= 0 and int at ? at : text.Length;
        return decimal.Parse("0" + text[Math.Max(text.StartsWith('-') ? 1 : 0, point - 9)..], CultureInfo.InvariantCulture) % divisor.GetDecimal();
    }

    private static bool Is(string type, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => type == "object",
        JsonValueKind.Array => type == "array",
        JsonValueKind.String => type == "string",
        JsonValueKind.Number => type == "number" || (type == "integer" && value.GetRawText().IndexOfAny(['.', 'e', 'E']) < 0),
        JsonValueKind.True or JsonValueKind.False => type == "boolean",
        _ => type == "null",
    };

    private static bool IsFormat(string format, string text)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        return format switch
        {
            "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", culture, DateTimeStyles.None, out _),
            "date-time" => text.Length >= 20 && DateOnly.TryParseExact(text[..10], "yyyy-MM-dd", culture, DateTimeStyles.None, out _) && text[10] == 'T' && IsFormat("time", text[11..]),
            "time" => Regex.Match(text, @"\A(\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)\z") is { Success: true } match
                && TimeOnly.TryParseExact(match.Groups[1].Value, "HH:mm:ss", culture, DateTimeStyles.None, out _),
            "uuid" => Guid.TryParseExact(text, "D", out _),
            "email" => System.Net.Mail.MailAddress.TryCreate(text, out System.Net.Mail.MailAddress? mail) && mail.Address == text,
            "ipv4" or "ipv6" => System.Net.IPAddress.TryParse(text, out System.Net.IPAddress? address)
                && (address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6) == (format == "ipv6"),
            "duration" => TryDuration(text),
            _ => throw new NotSupportedException(format),
        };
    }

    private static bool TryDuration(string text)
    {
        string[] parts = text.TrimStart('P').Split('T');
        return text.StartsWith('P') && text.Length > 2 && !text.EndsWith('T')
            && (Regex.IsMatch(parts[0], @"\A\d+W\z") || Regex.IsMatch(parts[0], @"\A(\d+Y)?(\d+M)?(\d+D)?\z"))
            && (parts.Length == 1 || Regex.IsMatch(parts[1], @"\A(\d+H)?(\d+M)?(\d+S)?\z"));
    }

    private static bool Same(JsonElement a, JsonElement b)
        => JsonNode.DeepEquals(JsonNode.Parse(a.GetRawText()), JsonNode.Parse(b.GetRawText()));
}
