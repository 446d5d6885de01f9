using System.Diagnostics;
using System.Globalization;
using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Engine.Placement;
using Xunit;
using Xunit.Abstractions;

namespace HunyuanOrleans.Cluster.Tests.Processes;

/// <summary>Silo processes are killed and stopped, and a client vanishes, while 32 streams run; no answer fails, no token differs.</summary>
[Collection(nameof(ProcessTests))]
[CollectionDefinition(nameof(ProcessTests), DisableParallelization = true)]
public sealed class ProcessTests(ProcessCluster cluster, ITestOutputHelper output) : IClassFixture<ProcessCluster>
{
    private const string SoakVariable = "HUNYUAN_SOAK";

    // Far longer than anything here takes, so that what never happens fails.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    [SkippableFact]
    public async Task Kill_9_of_every_kind_of_silo()
    {
        await cluster.StartAsync(output);
        DrillReport report = await RunAsync(cluster.Plan);
        Assert.Contains("scheduler", report.Rounds[0].Held, StringComparison.Ordinal);
        Assert.Contains("attention", report.Rounds[1].Held, StringComparison.Ordinal);
        Assert.EndsWith("experts", report.Rounds[2].Held, StringComparison.Ordinal);
        Assert.Equal("nothing of the model", report.Rounds[3].Held);
    }

    [SkippableFact]
    public async Task Silos_told_to_stop_hand_over_and_one_that_comes_takes_part()
    {
        await cluster.StartAsync(output);
        await RunAsync(cluster.Plan with { Rounds = 1, Action = DrillAction.Stop });
        DrillReport joined = await RunAsync(cluster.Plan with { Rounds = 1, Action = DrillAction.Join });
        Assert.Contains("attention", joined.Rounds[0].Held, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_rolling_restart_of_every_silo()
    {
        await cluster.StartAsync(output);
        DrillSilo[] silos = [.. cluster.Cluster.Silos];
        int started = cluster.Cluster.Started;
        DrillReport report = await RunAsync(cluster.Plan with { Rounds = silos.Length, Action = DrillAction.Roll });
        Assert.Equal(silos.Select(static s => s.Name), report.Rounds.Select(static r => r.Silo));
        Assert.Equal(silos, cluster.Cluster.Silos);
        Assert.Equal(started + silos.Length, cluster.Cluster.Started);
        await UntilReportAsync(now => silos.All(silo => silo.Role == SiloRole.Gateway || ClusterMonitor.Holds(now, silo.Name)));
    }

    [SkippableFact]
    public async Task A_client_that_vanishes_gives_everything_back()
    {
        await cluster.StartAsync(output);
        using (Process client = VanishingClient.Start(cluster))
        {
            try
            {
                await UntilAsync(static s => s.Running >= VanishingClient.Requests);
            }
            finally
            {
                client.Kill();
                await client.WaitForExitAsync();
            }
        }

        long killed = Stopwatch.GetTimestamp();
        await UntilAsync(static s => s is { Running: 0, Waiting: 0, KvUsed: 0 });
        output.WriteLine($"Everything was given back {Stopwatch.GetElapsedTime(killed).TotalSeconds:0.0} s after the client had gone.");
        await RunAsync(cluster.Plan with { Rounds = 0 });
    }

    [SkippableFact]
    public async Task Soak()
    {
        string? wanted = Environment.GetEnvironmentVariable(SoakVariable);
        Skip.If(string.IsNullOrEmpty(wanted), $"{SoakVariable}=MINUTES runs it.");
        TimeSpan time = TimeSpan.FromMinutes(double.Parse(wanted, CultureInfo.InvariantCulture));
        await cluster.StartAsync(output);
        long began = Stopwatch.GetTimestamp();
        for (int seed = 1; Stopwatch.GetElapsedTime(began) < time; seed++)
        {
            await RunAsync(cluster.Plan with { Rounds = 10, Action = DrillAction.Random, Seed = seed });
        }
    }

    private async Task<DrillReport> RunAsync(DrillPlan plan)
    {
        DrillReport report = await cluster.DrillAsync(plan, output);
        StringWriter sheet = new();
        DrillTable.Write(plan, report, sheet);
        output.WriteLine(sheet.ToString());
        Assert.True(report.Passed, $"{report.Failed} failed, {report.Unequal} unequal: {string.Join("; ", report.Problems)}");
        await UntilAsync(static s => s is { Running: 0, Waiting: 0, KvUsed: 0 });
        return report;
    }

    private Task UntilAsync(Func<StatisticsMessage, bool> condition) => UntilReportAsync(report => condition(report.Statistics));

    private async Task UntilReportAsync(Func<ModelReport, bool> condition)
    {
        ClusterMonitor watch = new(cluster.Cluster.Grains, cluster.Plan.ModelName, TimeProvider.System);
        ModelReport? last = await watch.WaitAsync(condition, Limit, default);
        Assert.True(last is not null && condition(last), $"{last}");
    }
}
