using System.Net;
using HunyuanOrleans.Silo.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Silo.Tests;

public sealed class SiloProcessTests
{
    [Fact]
    public async Task A_silo_becomes_ready_and_ends_when_told_to()
    {
        await using SiloProcess silo = SiloProcess.Start("--shutdown-grace", "20", "--model", HunyuanOrleans.TestSupport.TestPaths.DemoModel, "--memory", "1GB");
        await silo.SeesAsync(1);
        await silo.WaitAsync("/health/live", HttpStatusCode.OK, "ok");
        silo.Terminate();
        Assert.Equal(0, await silo.ExitAsync());
        Assert.Contains("Stopping within 20 seconds", silo.Output);
        Assert.DoesNotContain("took too long", silo.Output);
    }

    [Fact]
    public async Task Wrong_settings_end_it_at_once_with_a_line_for_each()
    {
        await using SiloProcess silo = SiloProcess.Start(["--votes", "0"], new Dictionary<string, string> { ["HUNYUAN_MEMORY"] = "none" });
        Assert.Equal(2, await silo.ExitAsync());
        Assert.Contains("HUNYUAN_MEMORY) is none", silo.Output);
        Assert.Contains("--votes", silo.Output);
        Assert.DoesNotContain("   at ", silo.Output);
    }

    [SkippableFact]
    public async Task The_embedded_engine_runs_several_silos_in_the_process()
    {
        Skip.If(SiloProcess.IsOrleans, "On Orleans every silo is a process of its own.");
        await using SiloProcess silo = SiloProcess.Start("--silos", "3", "--name", "a");
        await silo.SeesAsync(3);
        Assert.Contains("Silo a-3 is active", silo.Output);
        silo.Terminate();
        Assert.Equal(0, await silo.ExitAsync());
    }

    [SkippableTheory]
    [InlineData("--clustering postgres --connection-string Host=x")]
    [InlineData("--primary-endpoint 127.0.0.1:11111")]
    public async Task The_embedded_engine_refuses_a_network(string flags)
    {
        Skip.If(SiloProcess.IsOrleans, "Orleans has a network.");
        await using SiloProcess silo = SiloProcess.Start(flags.Split(' '));
        Assert.Equal(2, await silo.ExitAsync());
        Assert.Contains("needs the Orleans engine", silo.Output);
    }

    [SkippableFact]
    public async Task Orleans_refuses_several_silos_in_a_process()
    {
        Skip.IfNot(SiloProcess.IsOrleans, "The embedded engine runs all silos in one process.");
        await using SiloProcess silo = SiloProcess.Start("--silos", "2");
        Assert.Equal(2, await silo.ExitAsync());
        Assert.Contains("--silos", silo.Output);
    }
}
