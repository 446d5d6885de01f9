using System.Text.Json;
using System.Text.Json.Nodes;
using HunyuanOrleans.TestSupport;

namespace HunyuanOrleans.Server.Tests.Support;

/// <summary>Request bodies.</summary>
internal static class Bodies
{
    public const string ChatPath = "/v1/chat/completions", CompletionPath = "/v1/completions", ResponsesPath = "/v1/responses";

    /// <summary>The demo model's recorded conversations.</summary>
    public static JsonElement[] Recorded { get; } =
        [.. JsonDocument.Parse(File.ReadAllText(Path.Combine(TestPaths.DemoModel, "expected.json"))).RootElement.GetProperty("items").EnumerateArray()];

    /// <summary>A chat request with one question.</summary>
    /// <param name="question">The user's message.</param>
    /// <param name="more">More parameters, as JSON without braces.</param>
    public static string Chat(string question, string more = "") =>
        $$"""{"model":"demo-model","messages":[{"role":"user","content":{{JsonValue.Create(question).ToJsonString()}}}]{{(more == "" ? "" : "," + more)}}}""";
}
