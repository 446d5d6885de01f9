using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace HunyuanOrleans.K8s.Tests.Support;

/// <summary>Converts YAML to JSON as Kubernetes does.</summary>
internal static class YamlConverter
{
    /// <summary>The documents of a text, without empty ones.</summary>
    public static IReadOnlyList<JsonNode> Parse(string text)
    {
        YamlStream stream = [];
        stream.Load(new StringReader(text));
        // Numbers that are parsed from text can be read as any type that holds them.
        return [.. stream.Documents.Select(document => Convert(document.RootNode)).OfType<JsonNode>().Select(node => JsonNode.Parse(node.ToJsonString())!)];
    }

    private static JsonNode? Convert(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(pair => KeyValuePair.Create(((YamlScalarNode)pair.Key).Value!, Convert(pair.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(Convert)]),
        YamlScalarNode { Style: ScalarStyle.Plain } plain => Plain(plain.Value!),
        YamlScalarNode quoted => JsonValue.Create(quoted.Value),
        _ => throw new InvalidDataException($"{node.NodeType} is not supported in manifests."),
    };

    private static JsonNode? Plain(string text) => text switch
    {
        "" or "~" or "null" => null,
        "true" => JsonValue.Create(true),
        "false" => JsonValue.Create(false),
        ['0', _, ..] when text.All(char.IsAsciiDigit) => JsonValue.Create(System.Convert.ToInt64(text, 8)),
        _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole) => JsonValue.Create(whole),
        _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) => JsonValue.Create(number),
        _ => JsonValue.Create(text),
    };
}
