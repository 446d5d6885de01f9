using System.Text.Json;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Text.Tokenization;
using Xunit;

namespace HunyuanOrleans.Text.Tests.Tokenization;

/// <summary>The published tokenizer and its reference cases, if they lie beside the checkout.</summary>
internal static class GoldenTokenizer
{
    private static readonly Lazy<Tokenizer> Loaded = new(() => Tokenizer.Load(Folder!));

    private static string? Folder => TestPaths.SharedGolden is { } golden && Directory.Exists(Path.Combine(golden, "tokenizer"))
        ? Path.Combine(golden, "tokenizer")
        : null;

    /// <summary>Returns the published tokenizer, or skips the test if it is absent.</summary>
    public static Tokenizer Require()
    {
        Skip.If(Folder is null, "The published tokenizer (../shared/golden/tokenizer) is not beside this checkout.");
        return Loaded.Value;
    }

    /// <summary>Reads the cases of a file.</summary>
    public static IReadOnlyList<Case> Cases(string file, string list)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder!, file)));
        return [.. document.RootElement.GetProperty(list).EnumerateArray().Select(item => new Case(
            Text(item, "text") ?? Text(item, "rendered"),
            [.. item.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())],
            Text(item, "decoded"),
            Text(item, "decoded_skip_special"),
            Text(item, "bytes_hex")))];
    }

    private static string? Text(JsonElement item, string name) =>
        item.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    /// <summary>A case. Values that the file does not have are null.</summary>
    public sealed record Case(string? Text, int[] Ids, string? Decoded, string? DecodedSkipSpecial, string? BytesHex);
}
