using System.Globalization;
using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Server.Http;

/// <summary>
/// Reads the parameters of a request by name. A parameter that is null counts as absent; unknown parameters are ignored. Errors name the
/// parameter.
/// </summary>
/// <param name="root">The request, or an object in it.</param>
/// <param name="prefix">The path of <paramref name="root"/> in the request, which precedes the names in errors.</param>
internal readonly struct RequestFields(JsonElement root, string prefix = "")
{
    // Whole numbers above this differ from their floating-point form.
    private const double MaxWhole = 1L << 53;

    /// <summary>A parameter's value; null if it is absent or null.</summary>
    public JsonElement? this[string name] =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>Reads a number in the range of float.</summary>
    public float? Float(string name)
    {
        if (this[name] is not JsonElement value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Number)
        {
            throw ApiException.InvalidType(prefix + name, "a number", Kind(value));
        }

        return value.TryGetSingle(out float number) && float.IsFinite(number)
            ? number
            : throw ApiException.Invalid(prefix + name, $"{prefix}{name} is too large.");
    }

    /// <summary>Reads a whole number from <paramref name="min"/> to <paramref name="max"/>.</summary>
    public int? Int(string name, int min = int.MinValue, int max = int.MaxValue) => this[name] is JsonElement value
        ? Int(value, prefix + name, min, max)
        : null;

    /// <summary>Reads a whole number of 64 bits, signed or unsigned, as its bits.</summary>
    public ulong? UInt64(string name)
    {
        if (this[name] is not JsonElement value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Number)
        {
            throw ApiException.InvalidType(prefix + name, "a whole number", Kind(value));
        }

        return value.TryGetUInt64(out ulong unsigned) ? unsigned
            : value.TryGetInt64(out long signed) ? unchecked((ulong)signed)
            : IsWhole(value, out double real) && Math.Abs(real) < MaxWhole ? unchecked((ulong)(long)real)
            : throw ApiException.Invalid(prefix + name, $"{prefix}{name} must be a whole number of at most 64 bits.");
    }

    /// <summary>Reads a boolean.</summary>
    public bool? Bool(string name) => this[name]?.ValueKind switch
    {
        null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw ApiException.InvalidType(prefix + name, "true or false", Kind(this[name]!.Value)),
    };

    /// <summary>Reads a string.</summary>
    public string? Text(string name) => this[name] is JsonElement value ? Text(value, prefix + name) : null;

    /// <summary>Reads a string or an array of strings; empty if absent.</summary>
    public IReadOnlyList<string> Texts(string name) => this[name] switch
    {
        null => [],
        { ValueKind: JsonValueKind.String } one => [Text(one, prefix + name)],
        { ValueKind: JsonValueKind.Array } many => Texts(many, prefix + name),
        { } other => throw ApiException.InvalidType(prefix + name, "a string or an array of strings", Kind(other)),
    };

    /// <summary>Reads an array of whole numbers.</summary>
    public int[]? Ints(string name) => this[name] switch
    {
        null => null,
        { ValueKind: JsonValueKind.Array } many => Ints(many, prefix + name),
        { } other => throw ApiException.InvalidType(prefix + name, "an array of whole numbers", Kind(other)),
    };

    /// <summary>Writes a parameter, if it is given, as a field of a translated request.</summary>
    /// <param name="json">Receives the field.</param>
    /// <param name="name">The parameter's name.</param>
    /// <param name="target">The field's name; null for the same.</param>
    public void Copy(Utf8JsonWriter json, string name, string? target = null)
    {
        if (this[name] is JsonElement value)
        {
            json.WritePropertyName(target ?? name);
            value.WriteTo(json);
        }
    }

    /// <summary>Reads a nested object; null if absent.</summary>
    public RequestFields? Object(string name) => this[name] switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } value => new RequestFields(value, $"{prefix}{name}."),
        { } other => throw ApiException.InvalidType(prefix + name, "an object", Kind(other)),
    };

    /// <summary>Reads the whole numbers of an array.</summary>
    /// <param name="array">The array.</param>
    /// <param name="name">Its name in error messages.</param>
    /// <param name="parameter">The parameter that the error names, if not <paramref name="name"/>.</param>
    public static int[] Ints(JsonElement array, string name, string? parameter = null)
    {
        int[] numbers = new int[array.GetArrayLength()];
        int i = 0;
        foreach (JsonElement item in array.EnumerateArray())
        {
            numbers[i] = Int(item, $"{name}[{i}]", 0, int.MaxValue, parameter ?? name);
            i++;
        }

        return numbers;
    }

    private static string[] Texts(JsonElement array, string name)
    {
        string[] texts = new string[array.GetArrayLength()];
        int i = 0;
        foreach (JsonElement item in array.EnumerateArray())
        {
            texts[i] = Text(item, $"{name}[{i}]", name);
            i++;
        }

        return texts;
    }

    /// <summary>Reads a string.</summary>
    /// <param name="value">The value.</param>
    /// <param name="name">Its name in error messages.</param>
    /// <param name="parameter">The parameter that the error names, if not <paramref name="name"/>.</param>
    public static string Text(JsonElement value, string name, string? parameter = null) => value.ValueKind == JsonValueKind.String
        ? value.GetString()!
        : throw ApiException.InvalidType(name, "a string", Kind(value), parameter);

    /// <summary>The JSON type of a value, in words.</summary>
    public static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        _ => "null",
    };

    private static int Int(JsonElement value, string name, int min, int max, string? parameter = null)
    {
        if (value.ValueKind != JsonValueKind.Number)
        {
            throw ApiException.InvalidType(name, "a whole number", Kind(value), parameter);
        }

        bool whole = value.TryGetInt32(out int number);
        if (!whole && IsWhole(value, out double real) && Math.Abs(real) <= int.MaxValue)
        {
            (whole, number) = (true, (int)real);
        }

        if (whole && number >= min && number <= max)
        {
            return number;
        }

        string shown = whole ? number.ToString(CultureInfo.InvariantCulture) : value.TryGetDouble(out double given) ? PlainNumber.Format(given) : "too large";
        throw ApiException.Invalid(parameter ?? name, $"{name} is {shown}; allowed: {Range(min, max)}.");
    }

    // Clients whose language has only one number type may write 16 as 16.0.
    private static bool IsWhole(JsonElement value, out double number) => value.TryGetDouble(out number) && number == Math.Floor(number);

    private static string Range(int min, int max) => (min, max) switch
    {
        (int.MinValue, int.MaxValue) => "whole numbers of 32 bits",
        (_, int.MaxValue) => $"whole numbers from {min} on",
        _ => $"whole numbers from {min} to {max}",
    };
}
