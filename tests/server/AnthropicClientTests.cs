using System.Security.Cryptography;
using System.Text;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>Anthropic's client for JavaScript runs its scenarios against the server.</summary>
public sealed class AnthropicClientTests
{
    private const string Key = "sk-0123456789abcdef";

    private static readonly NpmPackage Npm = new("@anthropic-ai/sdk", "1.14.0");

    [SkippableFact]
    public async Task JavaScript_scenarios()
    {
        await using TestServer server = await TestServer.StartAsync(options => options.Keys.Add(
            new ApiKeyOptions { Name = "test", Sha256 = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(Key))) }));
        string[] scenarios = ["message", "system", "stream", "stream_helper", "count_tokens", "stop", "length", "tools", "tool_stream", "tool_result", "json_schema", "errors", "cancel", "parallel"];
        await Npm.RunScenariosAsync("anthropic.mjs", scenarios, server.Address.ToString().TrimEnd('/'), Key, "demo-model");
        await server.WaitUntilIdleAsync();
    }

    [SkippableFact]
    public async Task JavaScript_scenarios_of_a_model_that_reasons_and_calls()
    {
        await using TestServer server = await new ScriptedGenerator
        {
            Text = "<think>\nLook.\n</think>\n<answer>\nI look.<tool_calls>[{\"name\": \"weather\", \"arguments\": {\"city\": \"Paris\"}}]</tool_calls>\n</answer>",
        }.ServeAsync(template: "{{ messages[-1].content }}{{ '<think>' if false else '' }}");
        await Npm.RunScenariosAsync("anthropic.mjs", ["thinking", "thinking_stream"], server.Address.ToString().TrimEnd('/'), Key, "scripted");
    }
}
