using System.Text.Json;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Messages;

/// <summary>A block in the content of a message.</summary>
/// <param name="Type">The value of "type".</param>
/// <param name="Fields">The block.</param>
/// <param name="Path">Its path in the request, for errors.</param>
internal readonly record struct ContentBlock(string Type, RequestFields Fields, string Path)
{
    private const string Parameter = "messages";

    /// <summary>Reads the blocks of a content that is an array.</summary>
    /// <exception cref="ApiException">The content is not an array of blocks.</exception>
    public static List<ContentBlock> ReadAll(JsonElement content, string path)
    {
        if (content.ValueKind != JsonValueKind.Array)
        {
            throw ApiException.InvalidType(path, "a string or an array of blocks", RequestFields.Kind(content), Parameter);
        }

        List<ContentBlock> blocks = [];
        foreach (JsonElement block in content.EnumerateArray())
        {
            string place = $"{path}[{blocks.Count}]";
            RequestFields fields = block.ValueKind == JsonValueKind.Object
                ? new RequestFields(block, place + ".")
                : throw ApiException.InvalidType(place, "a block, an object", RequestFields.Kind(block), Parameter);
            blocks.Add(new ContentBlock(fields.Text("type") ?? throw ApiException.Invalid(Parameter, $"{place}.type is missing."), fields, place));
        }

        return blocks;
    }

    /// <summary>Reads a content that consists of text: a string, or blocks of text, which are joined by line breaks.</summary>
    /// <exception cref="ApiException">The content has another form.</exception>
    public static string ReadText(JsonElement content, string path) => content.ValueKind == JsonValueKind.String
        ? content.GetString()!
        : string.Join('\n', ReadAll(content, path).Select(static block => block.Type == "text" ? block.Text("text") : throw block.Refuse("text")));

    /// <summary>Reads a field that must be a string.</summary>
    public string Text(string name) => Fields.Text(name) ?? throw ApiException.Invalid(Parameter, $"{Path}.{name} is missing.");

    /// <summary>The error for a block of a type that is not allowed.</summary>
    /// <param name="allowed">The types that are.</param>
    public ApiException Refuse(string allowed) => ApiException.Invalid(
        Parameter,
        Type is "image" or "document"
            ? $"{Path} is of the type {Type}; these models read text only."
            : $"{Path} is of the type '{(Type.Length <= 40 ? Type : Type[..40] + "…")}'; allowed here: {allowed}.",
        "unsupported_value");
}
