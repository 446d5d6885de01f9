using System.Globalization;
using System.Text.Json;

namespace HunyuanOrleans.Server.Http;

/// <summary>Reads the parameters of a request by name, with errors that name them. null counts as not given; unknown ones are not looked at.</summary>
/// <param name="root">The request, or an object in it.</param>
/// <param name="prefix">What stands before the names in errors: the way to <paramref name="root"/>.</param>
internal readonly struct RequestFields(JsonElement root, string prefix = "")
{
    /// <summary>A parameter's value; null where it is absent or null.</summary>
    public JsonElement? this[string name] =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>A number that fits a float.</summary>
    public float? Float(string name)
    {
        if (this[name] is not JsonElement value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Number)
        {
            throw ApiException.WrongType(prefix + name, "a number", Kind(value));
        }

        return value.TryGetSingle(out float number) && float.IsFinite(number)
            ? number
            : throw ApiException.Invalid(prefix + name, $"{prefix}{name} is too large.");
    }

    /// <summary>A whole number from <paramref name="least"/> to <paramref name="most"/>.</summary>
    public int? Int(string name, int least = int.MinValue, int most = int.MaxValue) => this[name] is JsonElement value
        ? Int(value, prefix + name, least, most)
        : null;

    /// <summary>Any whole number of 64 bits, signed or not.</summary>
    public ulong? Bits(string name)
    {
        if (this[name] is not JsonElement value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Number)
        {
            throw ApiException.WrongType(prefix + name, "a whole number", Kind(value));
        }

        return value.TryGetUInt64(out ulong unsigned) ? unsigned
            : value.TryGetInt64(out long signed) ? unchecked((ulong)signed)
            : throw ApiException.Invalid(prefix + name, $"{prefix}{name} must be a whole number of at most 64 bits.");
    }

    /// <summary>True or false.</summary>
    public bool? Bool(string name) => this[name]?.ValueKind switch
    {
        null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw ApiException.WrongType(prefix + name, "true or false", Kind(this[name]!.Value)),
    };

    /// <summary>A string.</summary>
    public string? Text(string name) => this[name] is JsonElement value ? Text(value, prefix + name) : null;

    /// <summary>One string or a list of them.</summary>
    public IReadOnlyList<string> Texts(string name) => this[name] switch
    {
        null => [],
        { ValueKind: JsonValueKind.String } one => [Text(one, prefix + name)],
        { ValueKind: JsonValueKind.Array } many => Texts(many, prefix + name),
        { } other => throw ApiException.WrongType(prefix + name, "a string or an array of strings", Kind(other)),
    };

    /// <summary>A list of whole numbers.</summary>
    public int[]? Ints(string name) => this[name] switch
    {
        null => null,
        { ValueKind: JsonValueKind.Array } many => Ints(many, prefix + name),
        { } other => throw ApiException.WrongType(prefix + name, "an array of whole numbers", Kind(other)),
    };

    /// <summary>A nested object's parameters; null where it is absent.</summary>
    public RequestFields? Object(string name) => this[name] switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } value => new RequestFields(value, $"{prefix}{name}."),
        { } other => throw ApiException.WrongType(prefix + name, "an object", Kind(other)),
    };

    /// <summary>The whole numbers of an array.</summary>
    /// <param name="array">The array.</param>
    /// <param name="name">What it is called in messages.</param>
    /// <param name="parameter">The parameter at fault, where that is another name.</param>
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

    /// <summary>A string's value.</summary>
    /// <param name="value">The value.</param>
    /// <param name="name">What it is called in the message.</param>
    /// <param name="parameter">The parameter at fault, where that is another name.</param>
    public static string Text(JsonElement value, string name, string? parameter = null) => value.ValueKind == JsonValueKind.String
        ? value.GetString()!
        : throw ApiException.WrongType(name, "a string", Kind(value), parameter);

    /// <summary>What a value is, in words.</summary>
    public static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        _ => "null",
    };

    private static int Int(JsonElement value, string name, int least, int most, string? parameter = null)
    {
        if (value.ValueKind != JsonValueKind.Number)
        {
            throw ApiException.WrongType(name, "a whole number", Kind(value), parameter);
        }

        // 16.0 is a whole number to clients that know one kind of number only.
        bool whole = value.TryGetInt32(out int number);
        if (!whole && value.TryGetDouble(out double real) && real == Math.Floor(real) && Math.Abs(real) <= int.MaxValue)
        {
            (whole, number) = (true, (int)real);
        }

        if (whole && number >= least && number <= most)
        {
            return number;
        }

        string given = value.GetRawText();
        string shown = given.Length <= 40 ? given : given[..40] + "…";
        throw ApiException.Invalid(parameter ?? name, string.Create(CultureInfo.InvariantCulture, $"{name} is {shown}; allowed: {Range(least, most)}."));
    }

    private static string Range(int least, int most) => (least, most) switch
    {
        (int.MinValue, int.MaxValue) => "whole numbers of 32 bits",
        (_, int.MaxValue) => $"whole numbers from {least} on",
        _ => $"whole numbers from {least} to {most}",
    };
}
