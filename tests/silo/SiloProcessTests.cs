using System.Net;
using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.Silo.Tests.Support;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Silo.Tests;

public sealed class SiloProcessTests
{
    [Fact]
    public async Task A_silo_becomes_ready_and_ends_on_SIGTERM()
    {
        await using TestSilo silo = TestSilo.Start("--shutdown-grace", "20", "--model", TestPaths.DemoModel, "--memory", "1GB");
        await silo.SeesAsync(1);
        await silo.ReadyAsync();
        await silo.WaitAsync("/health/live", HttpStatusCode.OK, "ok");
        silo.Terminate();
        Assert.Equal(0, await silo.ExitAsync());
        Assert.Contains("Stopping within 20 seconds", silo.Output);
        Assert.DoesNotContain("took too long", silo.Output);
    }

    [Fact]
    public async Task Two_silos_of_one_process_share_a_model_and_end_together()
    {
        int silo = Ports.FindFree(), gateway = Ports.FindFree(), http = Ports.FindFree(), primary = Ports.FindFree();
        string[] model = ["--model", TestPaths.DemoModel, "--memory", "40MB", "--threads", "1", "--min-silos", "2"];
        await using TestSilo first = TestSilo.Start(
        [
            "--name", "one", "--primary-endpoint", $"127.0.0.1:{primary}", "--silo-port", $"{primary}", .. model,
            "--and", "--name", "two", "--primary-endpoint", $"127.0.0.1:{primary}", "--silo-port", $"{silo}", "--gateway-port", $"{gateway}",
            "--urls", $"http://127.0.0.1:{http}", .. model,
        ]);
        await first.SeesAsync(2);
        await first.ReadyAsync();
        using HttpClient client = new();
        string cluster = await client.GetStringAsync($"http://127.0.0.1:{http}/cluster");
        Assert.Contains("\"one\"", cluster, StringComparison.Ordinal);
        Assert.Contains("\"two\"", cluster, StringComparison.Ordinal);
        first.Terminate();
        Assert.Equal(0, await first.ExitAsync());
    }

    [Fact]
    public async Task Silos_of_one_process_end_when_one_fails()
    {
        await using TestSilo silos = TestSilo.Start("--model", TestPaths.DemoModel, "--memory", "1GB", "--and", "--silo-port", "0");
        Assert.Equal(2, await silos.ExitAsync());
        Assert.Contains("--silo-port", silos.Output);
    }

    [Fact]
    public async Task Wrong_settings_end_the_silo_at_once_with_a_line_for_each()
    {
        await using TestSilo silo = TestSilo.Start(["--votes", "0"], new Dictionary<string, string> { ["HUNYUAN_MEMORY"] = "none" });
        Assert.Equal(2, await silo.ExitAsync());
        Assert.Contains("HUNYUAN_MEMORY) is none", silo.Output);
        Assert.Contains("--votes", silo.Output);
        Assert.DoesNotContain("   at ", silo.Output);
    }
}
