using System.Text.Json;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>Reads an element of a tokenizer file with type checks. A null property counts as absent.</summary>
/// <param name="Path">The path of the file, for error messages.</param>
/// <param name="Name">The name of the element, for error messages.</param>
/// <param name="Element">The element.</param>
internal sealed record JsonElementReader(string Path, string Name, JsonElement Element)
{
    /// <summary>A property; null if it is absent.</summary>
    public JsonElement? Property(string name)
    {
        if (Element.ValueKind != JsonValueKind.Object)
        {
            throw Unsupported(Element.ValueKind.ToString(), "an object");
        }

        return Element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    /// <summary>A required property that is an object.</summary>
    public JsonElementReader Object(string name) =>
        OptionalObject(name) ?? throw new TextException($"{Path}: {Name} has no '{name}'.");

    /// <summary>An optional property that is an object; null if it is absent.</summary>
    public JsonElementReader? OptionalObject(string name) => Property(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } value => new JsonElementReader(Path, name, value),
        var other => throw Unsupported($"{name} {other.Value.ValueKind}", "an object"),
    };

    /// <summary>The properties of the object, in the order of the file.</summary>
    public JsonElement.ObjectEnumerator Properties() => Element.EnumerateObject();

    /// <summary>The items of a property that is a list; empty if it is absent.</summary>
    public IEnumerable<JsonElementReader> Items(string name)
    {
        JsonElement? list = Property(name);
        if (list is null)
        {
            return [];
        }

        return list.Value.ValueKind == JsonValueKind.Array
            ? list.Value.EnumerateArray().Select((item, i) => new JsonElementReader(Path, $"{name}[{i}]", item))
            : throw Unsupported($"{name} {list.Value.ValueKind}", "a list");
    }

    /// <summary>A property that is a string, or <paramref name="otherwise"/> if it is absent.</summary>
    public string Text(string name, string otherwise) => Property(name) switch
    {
        null => otherwise,
        { ValueKind: JsonValueKind.String } value => value.GetString()!,
        var other => throw Unsupported($"{name} {other.Value.GetRawText()}", "a text"),
    };

    /// <summary>A property that is a boolean, or <paramref name="otherwise"/> if it is absent.</summary>
    public bool Flag(string name, bool otherwise) => Property(name) switch
    {
        null => otherwise,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        var other => throw Unsupported($"{name} {other.Value.GetRawText()}", "true or false"),
    };

    /// <summary>Creates the error for a value that is not supported.</summary>
    public TextException Unsupported(string found, string allowed) => new($"{Path}: {Name}: {found} is not supported; allowed: {allowed}.");
}
