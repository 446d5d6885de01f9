using HunyuanOrleans.Server.Tests.Support;
using HunyuanOrleans.Silo.Tests.Support;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Silo.Tests;

/// <summary>The official clients for JavaScript run all their scenarios against a cluster of two silos, through the one that came last.</summary>
public sealed class ClientScenarioTests
{
    private const string Key = "sk-0123456789abcdef";

    [SkippableFact]
    public async Task JavaScript_scenarios()
    {
        // Installed first, so that the test is skipped before silos start.
        await ClientScenarios.OpenAI.InstallAsync();
        await ClientScenarios.Anthropic.InstallAsync();
        using TempFolder folder = new();
        folder.Write("keys", Key);
        Dictionary<string, string> environment = new() { ["HUNYUAN_Server__KeyFile"] = Path.Combine(folder.Root, "keys") };
        string[] flags = ["--model", TestPaths.DemoModel, "--memory", "1GB"];
        await using TestSilo first = TestSilo.Start(flags, environment);
        await using TestSilo last = TestSilo.Start([.. flags, "--primary-endpoint", $"127.0.0.1:{first.SiloPort}"], environment);
        await last.SeesAsync(2);
        await last.ReadyAsync();
        Uri address = new($"http://127.0.0.1:{last.HttpPort}");
        await ClientScenarios.RunOpenAIAsync(address, Key);
        await ClientScenarios.RunAnthropicAsync(address, Key);
    }
}
