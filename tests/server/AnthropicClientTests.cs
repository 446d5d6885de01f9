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

    [SkippableFact]
    public async Task JavaScript_scenarios()
    {
        await using TestServer server = await TestServer.StartAsync(options => options.Keys.Add(
            new ApiKeyOptions { Name = "test", Sha256 = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(Key))) }));
        await ClientScenarios.RunAnthropicAsync(server.Address, Key);
        await server.WaitUntilIdleAsync();
    }

    [SkippableFact]
    public async Task JavaScript_scenarios_of_a_model_that_reasons_and_calls()
    {
        await using TestServer server = await new ScriptedGenerator
        {
            Text = "<think>\nLook.\n</think>\n<answer>\nI look.<tool_calls>[{\"name\": \"weather\", \"arguments\": {\"city\": \"Paris\"}}]</tool_calls>\n</answer>",
        }.ServeAsync(template: "{{ messages[-1].content }}{{ '<think>' if false else '' }}");
        await ClientScenarios.Anthropic.RunScenariosAsync("anthropic.mjs", ["thinking", "thinking_stream"], server.Address.ToString().TrimEnd('/'), Key, "scripted");
    }
}
