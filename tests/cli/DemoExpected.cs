using System.Text.Json;
using HunyuanOrleans.TestSupport;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>The demo model's recorded prompts and answers.</summary>
internal static class DemoExpected
{
    /// <summary>The 40 recorded conversations.</summary>
    public static JsonElement[] Items { get; } =
        [.. JsonDocument.Parse(File.ReadAllText(Path.Combine(TestPaths.DemoModel, "expected.json"))).RootElement.GetProperty("items").EnumerateArray()];

    /// <summary>Reads a field that is a list of numbers.</summary>
    public static int[] Ids(JsonElement item, string field) => [.. item.GetProperty(field).EnumerateArray().Select(e => e.GetInt32())];
}
