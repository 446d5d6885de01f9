using System.Globalization;
using System.Text.Json;

namespace HunyuanOrleans.Model.Configuration;

/// <summary>
/// Reads typed fields of one JSON object. Invalid fields cause a <see cref="ModelException"/> that names file, field, value and what is
/// allowed. A JSON null counts as absent, as in the publisher's code.
/// </summary>
internal readonly struct JsonFields
{
    private readonly JsonElement _element;
    private readonly string _source;
    private readonly string _prefix;

    public JsonFields(JsonElement element, string source, string prefix = "")
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw new ModelException(
                $"{source}: {(prefix.Length == 0 ? "the file" : $"\"{prefix.TrimEnd('.')}\"")} holds {Show(element)}; allowed: a JSON object.");
        }

        _element = element;
        _source = source;
        _prefix = prefix;
    }

    public bool Has(string name) => TryGet(name, out _);

    public bool TryGet(string name, out JsonElement value) =>
        _element.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

    public int Int(string name, int min, int max, int? fallback = null)
    {
        if (TryGet(name, out JsonElement value))
        {
            return ToInt(value, name, min, max);
        }

        return fallback ?? throw Missing(name, WholeNumber(min, max));
    }

    public int? OptionalInt(string name, int min, int max) => TryGet(name, out JsonElement value) ? ToInt(value, name, min, max) : null;

    public double Number(string name, double min, double max, double? fallback = null)
    {
        string allowed = string.Create(CultureInfo.InvariantCulture, $"a number from {min} to {max}");
        if (!TryGet(name, out JsonElement value))
        {
            return fallback ?? throw Missing(name, allowed);
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number >= min && number <= max
            ? number
            : throw Invalid(name, value, allowed);
    }

    public bool Flag(string name, bool fallback)
    {
        if (!TryGet(name, out JsonElement value))
        {
            return fallback;
        }

        return value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Invalid(name, value, "true or false"),
        };
    }

    public string? Text(string name)
    {
        if (!TryGet(name, out JsonElement value))
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Invalid(name, value, "a string");
    }

    /// <summary>Reads a whole number or a list of them; null if the field is absent.</summary>
    public int[]? IntOrList(string name, int min, int max)
    {
        if (!TryGet(name, out JsonElement value))
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            return [ToInt(value, name, min, max)];
        }

        var list = new int[value.GetArrayLength()];
        for (int i = 0; i < list.Length; i++)
        {
            list[i] = ToInt(value[i], $"{name}[{i}]", min, max);
        }

        return list;
    }

    /// <summary>Reads one whole number for all layers or a list with one entry per layer. Always returns one entry per layer.</summary>
    public int[] PerLayer(string name, int layers, int min, int max, int? fallback = null)
    {
        int[]? given = IntOrList(name, min, max);
        if (given is null)
        {
            int all = fallback ?? throw Missing(name, WholeNumber(min, max) + ", or a list of them with one entry per layer");
            return Repeat(all, layers);
        }

        if (TryGet(name, out JsonElement value) && value.ValueKind != JsonValueKind.Array)
        {
            return Repeat(given[0], layers);
        }

        return given.Length == layers
            ? given
            : throw new ModelException(
                $"{_source}: \"{_prefix}{name}\" is a list of {given.Length} entries; allowed: one entry per layer " +
                $"(num_hidden_layers = {layers}), or a single whole number.");
    }

    public ModelException Invalid(string name, JsonElement value, string allowed) =>
        new($"{_source}: \"{_prefix}{name}\" is {Show(value)}; allowed: {allowed}.");

    public ModelException Invalid(string name, string shown, string allowed) =>
        new($"{_source}: \"{_prefix}{name}\" is {shown}; allowed: {allowed}.");

    public ModelException Missing(string name, string allowed) =>
        new($"{_source}: \"{_prefix}{name}\" is missing; allowed: {allowed}.");

    private int ToInt(JsonElement value, string name, int min, int max) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= min && number <= max
            ? number
            : throw Invalid(name, value, WholeNumber(min, max));

    private static int[] Repeat(int value, int count)
    {
        var list = new int[count];
        Array.Fill(list, value);
        return list;
    }

    private static string WholeNumber(int min, int max) => $"a whole number from {min} to {max}";

    private static string Show(JsonElement value)
    {
        const int limit = 60;
        string text = value.GetRawText();
        return text.Length <= limit ? text : text[..limit] + "…";
    }
}
