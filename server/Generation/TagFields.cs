using System.Text.Json;
using HunyuanOrleans.Grammar;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Generation;

/// <summary>Reads the fields of one object in a structural tag. All but the optional ones must be there.</summary>
/// <param name="json">The object.</param>
/// <param name="path">Its path in the request.</param>
/// <param name="parameter">The request parameter, for errors.</param>
internal readonly struct TagFields(JsonElement json, string path, string parameter)
{
    // Each repeat takes states of its own.
    private const int MaxCount = 1000;

    private readonly JsonElement _json = json.ValueKind == JsonValueKind.Object
        ? json
        : throw ApiException.InvalidType(path, "an object", RequestFields.Kind(json), parameter);

    /// <summary>Creates the exception for a problem with a field.</summary>
    public ApiException Error(string name, string problem) => ApiException.Invalid(parameter, $"{PathOf(name)} {problem}.");

    /// <summary>Returns the path of a field in the request.</summary>
    public string PathOf(string name) => $"{path}.{name}";

    public bool Has(string name) => Optional(name) is not null;

    /// <summary>Refuses other fields than the given ones.</summary>
    public void AllowOnly(params string[] names)
    {
        foreach (JsonProperty field in _json.EnumerateObject())
        {
            if (field.Value.ValueKind != JsonValueKind.Null && !names.Contains(field.Name))
            {
                throw ApiException.Invalid(parameter, $"{PathOf(field.Name)} is not supported; allowed: {string.Join(", ", names)}.", "unsupported_value");
            }
        }
    }

    /// <summary>Reads a string.</summary>
    public string Text(string name) => RequestFields.Text(Required(name), PathOf(name), parameter);

    /// <summary>Reads a string or an array of strings, at least one.</summary>
    public string[] Texts(string name)
    {
        JsonElement value = Required(name);
        if (value.ValueKind != JsonValueKind.Array)
        {
            return [Text(name)];
        }

        string itemPath = PathOf(name), itemParameter = parameter;
        string[] texts = [.. value.EnumerateArray().Select((item, i) => RequestFields.Text(item, $"{itemPath}[{i}]", itemParameter))];
        return texts.Length > 0 ? texts : throw Error(name, "is empty");
    }

    /// <summary>Reads an array of strings that are not empty; empty if absent.</summary>
    public string[] OptionalTexts(string name) => Optional(name) is not { } value || (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0) ? []
        : Texts(name) is var texts && !texts.Contains("") ? texts
        : throw Error(name, "has an empty text");

    /// <summary>Reads a boolean; false if absent.</summary>
    public bool Flag(string name) => Optional(name) is { } value && (value.ValueKind is JsonValueKind.True or JsonValueKind.False
        ? value.GetBoolean()
        : throw ApiException.InvalidType(PathOf(name), "true or false", RequestFields.Kind(value), parameter));

    /// <summary>Reads a number of repeats; null if absent or -1, which stands for no limit.</summary>
    public int? Count(string name) => Optional(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt32(out int count) && count is >= -1 and <= MaxCount => count < 0 ? null : count,
        _ => throw Error(name, $"must be a whole number from 0 to {MaxCount}, or -1 for no limit"),
    };

    /// <summary>Reads a JSON schema.</summary>
    public ConstraintSpec Schema(string name) => Required(name) is { ValueKind: JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False } schema
        ? ConstraintSpec.ForParameter(PathOf(name), ConstraintSpec.JsonSchema(schema.GetRawText()))
        : throw ApiException.InvalidType(PathOf(name), "a JSON schema, an object", RequestFields.Kind(Required(name)), parameter);

    /// <summary>Reads an object.</summary>
    public TagFields Object(string name) => new(Required(name), PathOf(name), parameter);

    /// <summary>Reads an array of objects, at least one.</summary>
    public TagFields[] Objects(string name)
    {
        JsonElement value = Required(name);
        if (value.ValueKind != JsonValueKind.Array)
        {
            throw ApiException.InvalidType(PathOf(name), "an array", RequestFields.Kind(value), parameter);
        }

        string itemPath = PathOf(name), itemParameter = parameter;
        TagFields[] items = [.. value.EnumerateArray().Select((item, i) => new TagFields(item, $"{itemPath}[{i}]", itemParameter))];
        return items.Length > 0 ? items : throw Error(name, "is empty");
    }

    private JsonElement? Optional(string name) =>
        _json.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private JsonElement Required(string name) => Optional(name) ?? throw Error(name, "is missing");
}
