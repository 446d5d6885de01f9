namespace HunyuanOrleans.Server.Tests.Support;

/// <summary>The scenarios of official clients for JavaScript, which run against one server and against a cluster.</summary>
internal static class ClientScenarios
{
    private static readonly string[] OfOpenAI =
    [
        "models", "chat", "stream", "stream_helper", "several_answers", "logprobs", "stop", "length", "tools", "json_object", "json_schema", "tools_required",
        "tools_named", "completions", "errors", "cancel", "parallel", "responses", "responses_stream", "responses_tools", "responses_json", "responses_kept",
    ];

    private static readonly string[] OfAnthropic =
    [
        "message", "system", "stream", "stream_helper", "count_tokens", "stop", "length", "tools", "tool_stream", "tool_result", "json_schema", "errors", "cancel",
        "parallel",
    ];

    /// <summary>OpenAI's client.</summary>
    public static NpmPackage OpenAI { get; } = new("openai", "6.49.0");

    /// <summary>Anthropic's client.</summary>
    public static NpmPackage Anthropic { get; } = new("@anthropic-ai/sdk", "1.14.0");

    /// <summary>Runs all scenarios of OpenAI's client with the demo model.</summary>
    public static Task RunOpenAIAsync(Uri server, string key) =>
        OpenAI.RunScenariosAsync("scenarios.mjs", OfOpenAI, server.ToString().TrimEnd('/'), key);

    /// <summary>Runs all scenarios of Anthropic's client with the demo model.</summary>
    public static Task RunAnthropicAsync(Uri server, string key) =>
        Anthropic.RunScenariosAsync("anthropic.mjs", OfAnthropic, server.ToString().TrimEnd('/'), key, "demo-model");
}
