using System.Text.Json;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>An element of a tokenizer file with the name it goes by in errors. Absent and null are the same.</summary>
/// <param name="Path">The file.</param>
/// <param name="Name">What the element is called in messages.</param>
/// <param name="Element">The element.</param>
internal sealed record JsonReading(string Path, string Name, JsonElement Element)
{
    /// <summary>A property; null where it is absent or null.</summary>
    public JsonElement? Property(string name)
    {
        if (Element.ValueKind != JsonValueKind.Object)
        {
            throw Refuse(Element.ValueKind.ToString(), "an object");
        }

        return Element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    /// <summary>A property that must be an object.</summary>
    public JsonReading Object(string name) =>
        OptionalObject(name) ?? throw new TextException($"{Path}: {Name} has no '{name}'.");

    /// <summary>A property that is an object; null where it is absent or null.</summary>
    public JsonReading? OptionalObject(string name) => Property(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } value => new JsonReading(Path, name, value),
        var other => throw Refuse($"{name} {other.Value.ValueKind}", "an object"),
    };

    /// <summary>The properties of an object, in the file's order.</summary>
    public JsonElement.ObjectEnumerator Properties() => Element.EnumerateObject();

    /// <summary>The items of a list; none where it is absent or null.</summary>
    public IEnumerable<JsonReading> Items(string name)
    {
        JsonElement? list = Property(name);
        if (list is null)
        {
            return [];
        }

        return list.Value.ValueKind == JsonValueKind.Array
            ? list.Value.EnumerateArray().Select((item, i) => new JsonReading(Path, $"{name}[{i}]", item))
            : throw Refuse($"{name} {list.Value.ValueKind}", "a list");
    }

    /// <summary>A text.</summary>
    public string Text(string name, string otherwise) => Property(name) switch
    {
        null => otherwise,
        { ValueKind: JsonValueKind.String } value => value.GetString()!,
        var other => throw Refuse($"{name} {other.Value.GetRawText()}", "a text"),
    };

    /// <summary>A true or false.</summary>
    public bool Flag(string name, bool otherwise) => Property(name) switch
    {
        null => otherwise,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        var other => throw Refuse($"{name} {other.Value.GetRawText()}", "true or false"),
    };

    /// <summary>The error that something here is not supported.</summary>
    public TextException Refuse(string found, string allowed) => new($"{Path}: {Name}: {found} is not supported; allowed: {allowed}.");
}
