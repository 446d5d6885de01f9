using System.Text.Json;
using System.Xml.Linq;
using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>The verb simulate, on small models: real silo processes on simulated devices.</summary>
public sealed class SimulateTests
{
    private static readonly string Config = Path.Combine(TestPaths.Data, "models", "tiny-cla", "config.json");

    // A layer sends at most one call to each of the other silos, for each token or fewer.
    private const double MostCallsPerToken = 24;

    [SkippableFact]
    public void A_run_with_a_kill_reports_every_figure_and_draws_it()
    {
        Skip.If(MembershipServer.FirstInstalled is null, "Neither PostgreSQL nor Redis is installed.");
        using TempFolder folder = new();
        string svg = folder.File("run.svg");
        CliResult result = CliProcess.Run(
            "simulate", "--model", Config, "--silos", "3", "--device", "100MB,1e12,10MB", "--memory", "2MB", "--streams", "1,3", "--prompt", "40", "--gen", "24",
            "--kill", "scheduler@0.2s", "--restart-after", "1", "--svg", svg, "--json");
        Assert.Equal(0, result.Code);
        JsonElement json = result.Json();
        Assert.Equal(["model", "silos", "load_seconds", "runs", "replans"], Names(json));
        Assert.Equal(3, json.GetProperty("silos").GetArrayLength());
        Assert.All(json.GetProperty("silos").EnumerateArray(), static silo =>
        {
            Assert.Equal(["name", "busy", "peak_bytes", "memory_bytes"], Names(silo));
            Assert.InRange(silo.GetProperty("peak_bytes").GetInt64(), 1, silo.GetProperty("memory_bytes").GetInt64());
        });
        Assert.Contains(json.GetProperty("silos").EnumerateArray(), static silo => silo.GetProperty("busy").GetDouble() > 0);
        Assert.All(json.GetProperty("runs").EnumerateArray(), static run =>
        {
            Assert.Equal(["streams", "tokens_per_second", "ttft_ms", "failed", "tokens_equal", "max_gap_ms", "calls_per_token", "bytes_per_token"], Names(run));
            Assert.Equal(0, run.GetProperty("failed").GetInt32());
            Assert.True(run.GetProperty("tokens_equal").GetBoolean());
            Assert.True(run.GetProperty("tokens_per_second").GetDouble() > 0);
        });
        Assert.Equal([1, 3], json.GetProperty("runs").EnumerateArray().Select(static run => run.GetProperty("streams").GetInt32()));
        JsonElement kill = json.GetProperty("replans")[0];
        Assert.Equal(["cause", "bytes_lost", "bytes_moved", "seconds", "peak_bytes"], Names(kill));
        Assert.StartsWith("kill scheduler (silo-", kill.GetProperty("cause").GetString(), StringComparison.Ordinal);
        Assert.Equal(2, json.GetProperty("replans").GetArrayLength());
        long lost = kill.GetProperty("bytes_lost").GetInt64();
        Assert.True(lost > 0);

        // The lost part is loaded elsewhere, and a part of it again by the silo that comes back.
        Assert.True(json.GetProperty("replans").EnumerateArray().Sum(static replan => replan.GetProperty("bytes_moved").GetInt64()) >= lost);
        Assert.All(json.GetProperty("replans").EnumerateArray(), replan => Assert.InRange(
            replan.GetProperty("peak_bytes").GetInt64(), 1, json.GetProperty("silos").EnumerateArray().Max(static silo => silo.GetProperty("memory_bytes").GetInt64())));
        XElement drawn = XElement.Load(svg);
        Assert.Contains(drawn.Descendants(), static e => e.Name.LocalName == "polyline");
        Assert.Contains("kill scheduler", File.ReadAllText(svg), StringComparison.Ordinal);
    }

    [Fact]
    public void Silos_that_share_processes_compute_the_same_tokens()
    {
        CliResult result = CliProcess.Run(
            "simulate", "--model", Config, "--silos", "6", "--silos-in-process", "3", "--device", "100MB,1e12,10MB", "--memory", "2MB", "--streams", "2",
            "--prompt", "20", "--gen", "8", "--json");
        Assert.Equal(0, result.Code);
        JsonElement json = result.Json();
        Assert.Equal(6, json.GetProperty("silos").GetArrayLength());
        JsonElement run = json.GetProperty("runs")[0];
        Assert.True(run.GetProperty("tokens_equal").GetBoolean());

        // Each silo counts what it sends itself. Were the counts those of its process, three silos would report each message.
        Assert.InRange(run.GetProperty("calls_per_token").GetDouble(), 0.1, MostCallsPerToken);
    }

    [Theory]
    [InlineData("'tpu'", "--device", "tpu")]
    [InlineData("attention@30s", "--kill", "planet@3")]
    [InlineData("whole number from 1 to 256", "--silos", "0")]
    [InlineData("from 1 to 256", "--streams", "4,many")]
    [InlineData("--zone-size", "--kill", "zone@1")]
    [InlineData("--silos-in-process 1 only", "--silos-in-process", "2", "--kill", "scheduler@1s")]
    [InlineData("context", "--prompt", "100000")]
    public void Wrong_options_are_refused_before_anything_starts(string message, params string[] options)
    {
        CliResult result = CliProcess.Run(["simulate", "--model", Config, .. options]);
        Assert.NotEqual(0, result.Code);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("starting", result.Error, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Names(JsonElement element) => element.EnumerateObject().Select(static property => property.Name);
}
