using System.Net;
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
    public async Task Wrong_settings_end_the_silo_at_once_with_a_line_for_each()
    {
        await using TestSilo silo = TestSilo.Start(["--votes", "0"], new Dictionary<string, string> { ["HUNYUAN_MEMORY"] = "none" });
        Assert.Equal(2, await silo.ExitAsync());
        Assert.Contains("HUNYUAN_MEMORY) is none", silo.Output);
        Assert.Contains("--votes", silo.Output);
        Assert.DoesNotContain("   at ", silo.Output);
    }
}
