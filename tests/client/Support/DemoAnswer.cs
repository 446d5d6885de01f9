using System.Text.Json;
using HunyuanOrleans.TestSupport;
using Microsoft.Extensions.AI;

namespace HunyuanOrleans.Client.Tests.Support;

/// <summary>An answer of the demo model that the publisher's code gave.</summary>
internal sealed record DemoAnswer(ChatMessage[] Messages, string Text, int[] PromptIds, int[] Ids)
{
    public static IReadOnlyList<DemoAnswer> All { get; } = Load();

    private static DemoAnswer[] Load()
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Path.Combine(TestPaths.DemoModel, "expected.json")));
        return [.. json.RootElement.GetProperty("items").EnumerateArray().Select(static item => new DemoAnswer(
            [.. item.GetProperty("messages").EnumerateArray().Select(static m =>
                new ChatMessage(new ChatRole(m.GetProperty("role").GetString()!), m.GetProperty("content").GetString()))],
            item.GetProperty("output_text").GetString()!,
            ReadIds(item, "prompt_ids"),
            ReadIds(item, "output_ids")))];
    }

    private static int[] ReadIds(JsonElement item, string name) => [.. item.GetProperty(name).EnumerateArray().Select(static id => id.GetInt32())];
}
