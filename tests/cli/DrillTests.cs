using System.Diagnostics;
using System.Text.Json;
using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>The verb drill. The cluster tests check its rounds in detail.</summary>
public sealed class DrillTests
{
    private static readonly string TinyModel = Path.Combine(TestPaths.Data, "models", "tiny-cla");

    [Fact]
    public void Json_has_these_fields_and_no_others()
    {
        CliResult result = CliProcess.Run("drill", "--model", TinyModel, "--silos", "3", "--streams", "3", "--rounds", "1", "--action", "join", "--json");
        JsonElement json = result.Json();
        Assert.Equal(
            ["silos", "streams", "rounds", "failed", "tokens_equal", "max_gap_ms", "median_resume_ms"],
            json.EnumerateObject().Select(static p => p.Name));
        Assert.Equal([3, 3, 1, 0], new[] { "silos", "streams", "rounds", "failed" }.Select(name => json.GetProperty(name).GetInt32()));
        Assert.True(json.GetProperty("tokens_equal").GetBoolean());
        Assert.InRange(json.GetProperty("median_resume_ms").GetDouble(), 0.001, json.GetProperty("max_gap_ms").GetDouble());
        Assert.Contains("round 1 of 1", result.Error, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("random", 3, 4)]
    [InlineData("kill", 1, 1)]
    public async Task Answers_survive(string action, int silos, int rounds)
    {
        Skip.If(silos == 1 && MembershipServer.FirstInstalled is null, "Neither PostgreSQL nor Redis is installed.");
        DrillPlan plan = Plan(Enum.Parse<DrillAction>(action, ignoreCase: true), silos, rounds);
        DrillReport report = await RunAsync(plan, await ExpectedAsync(plan));
        Assert.True(report.Passed, string.Join("; ", report.Problems));
        Assert.Equal(rounds, report.Rounds.Count);
        Assert.All(report.Rounds, round => Assert.InRange(round.LongestGap, round.Waits.Max(), report.LongestGap));
    }

    [Fact]
    public async Task A_wrong_token_does_not_pass()
    {
        DrillPlan plan = Plan(DrillAction.Stop, 2, 1);
        int[][] expected = await ExpectedAsync(plan);
        expected[0][^1]++;
        DrillReport report = await RunAsync(plan, expected);
        Assert.False(report.Passed);
        Assert.True(report.Unequal > 0);
        Assert.Equal(0, report.Failed);
        Assert.NotEmpty(report.Problems);
        Assert.All(report.Problems, problem => Assert.Contains($"token {expected[0].Length - 1} is {expected[0][^1] - 1}", problem, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--silos must be a whole number from 1 to 64, not '0'", "--silos", "0")]
    [InlineData("--streams must be a whole number from 1 to 1024, not 'many'", "--streams", "many")]
    [InlineData("--rounds must be a whole number from 1", "--rounds", "-1")]
    [InlineData("--action must be kill or stop or join or random or roll, not 'explode'", "--action", "explode")]
    [InlineData("--clustering must be postgres or redis, not 'etcd'", "--clustering", "etcd")]
    public void Wrong_options_are_refused(string message, string option, string value) =>
        CliProcess.Run("drill", option, value).FailedWith(2, message, "hunyuan drill --help");

    [Fact]
    public void A_missing_model_is_an_error() => CliProcess.Run("drill", "--model", "/nowhere").FailedWith(1, "/nowhere");

    [Fact]
    public async Task An_interrupted_drill_leaves_nothing_behind()
    {
        using TempFolder folder = new();
        if (!OperatingSystem.IsWindows())
        {
            // The database runs as another user, who must be able to enter its parent folder.
            File.SetUnixFileMode(folder.Root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute | UnixFileMode.GroupExecute);
        }

        using Process process = CliProcess.Start(
            ["drill", "--model", TinyModel, "--silos", "2", "--streams", "2", "--rounds", "100000"], new Dictionary<string, string> { ["TMPDIR"] = folder.Root });
        string? line;
        do
        {
            line = await process.StandardError.ReadLineAsync();
        }
        while (line is not null && !line.Contains("round 1", StringComparison.Ordinal));

        Assert.NotNull(line);
        CliProcess.Interrupt(process);
        string rest = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(1, process.ExitCode);
        Assert.Contains("Stopped.", rest, StringComparison.Ordinal);
        Assert.DoesNotContain(
            Directory.GetFileSystemEntries(folder.Root), static entry => Path.GetFileName(entry).StartsWith("hunyuan-drill", StringComparison.Ordinal));
        Assert.DoesNotContain(
            Directory.GetDirectories("/proc"), dir => CommandLineOf(dir).Contains($"drill-{process.Id}\0", StringComparison.Ordinal));
    }

    private static string CommandLineOf(string directory)
    {
        try
        {
            return File.ReadAllText(Path.Combine(directory, "cmdline"));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static DrillPlan Plan(DrillAction action, int silos, int rounds) => new()
    {
        Folder = TinyModel,
        Config = ModelConfig.Load(TinyModel),
        Silos = silos,
        Streams = 6,
        Rounds = rounds,
        Action = action,
        Pause = TimeSpan.FromMilliseconds(50),
    };

    private static async Task<int[][]> ExpectedAsync(DrillPlan plan)
    {
        using ModelRunner model = UndisturbedRun.Load(plan, default);
        return await UndisturbedRun.RunAsync(plan, model, static (_, _, _) => { }, default);
    }

    private static async Task<DrillReport> RunAsync(DrillPlan plan, int[][] expected)
    {
        await using DrillCluster cluster = await DrillCluster.CreateAsync(plan, default);
        await Drill.StartAsync(plan, cluster, static (_, _, _) => { }, TimeProvider.System, default);
        return await Drill.RunAsync(plan, expected, cluster, static (_, _, _) => { }, TimeProvider.System, default);
    }
}
