using System.Diagnostics;
using System.Globalization;
using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.Engine.Placement;
using Xunit;
using Xunit.Abstractions;

namespace HunyuanOrleans.Cluster.Tests.Processes;

/// <summary>
/// Silo processes are killed and stopped, and a client is killed, while 32 answers are streamed. No answer fails, no token differs. The membership is in
/// PostgreSQL.
/// </summary>
[Collection(nameof(ProcessTests))]
public sealed class ProcessTests(PostgresProcessCluster cluster, ITestOutputHelper output)
{
    private const string SoakVariable = "HUNYUAN_SOAK";

    [SkippableFact]
    public async Task Kill_9_of_every_kind_of_silo()
    {
        await cluster.StartAsync(output);
        DrillReport report = await cluster.DrillAsync(cluster.Plan, output);
        Assert.Contains("scheduler", report.Rounds[0].Held, StringComparison.Ordinal);
        Assert.Contains("attention", report.Rounds[1].Held, StringComparison.Ordinal);
        Assert.EndsWith("experts", report.Rounds[2].Held, StringComparison.Ordinal);
        Assert.Equal("nothing of the model", report.Rounds[3].Held);
    }

    [SkippableFact]
    public async Task Silos_told_to_stop_hand_over_and_one_that_comes_takes_part()
    {
        await cluster.StartAsync(output);
        await cluster.DrillAsync(cluster.Plan with { Rounds = 1, Action = DrillAction.Stop }, output);
        DrillReport joined = await cluster.DrillAsync(cluster.Plan with { Rounds = 1, Action = DrillAction.Join }, output);
        Assert.Contains("attention", joined.Rounds[0].Held, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_rolling_restart_of_every_silo()
    {
        await cluster.StartAsync(output);
        DrillSilo[] silos = [.. cluster.Cluster.Silos];
        int started = cluster.Cluster.Started;
        DrillReport report = await cluster.DrillAsync(cluster.Plan with { Rounds = silos.Length, Action = DrillAction.Roll }, output);
        Assert.Equal(silos.Select(static s => s.Name), report.Rounds.Select(static r => r.Silo));
        Assert.Equal(silos, cluster.Cluster.Silos);
        Assert.Equal(started + silos.Length, cluster.Cluster.Started);
        await cluster.UntilReportAsync(now => silos.All(silo => silo.Role == SiloRole.Gateway || ClusterMonitor.Holds(now, silo.Name)));
    }

    [SkippableFact]
    public async Task A_client_that_vanishes_gives_everything_back()
    {
        await cluster.StartAsync(output);
        using (Process client = VanishingClient.Start(cluster))
        {
            try
            {
                await cluster.UntilAsync(static s => s.Running >= VanishingClient.Requests);
            }
            finally
            {
                client.Kill();
                await client.WaitForExitAsync();
            }
        }

        long killed = Stopwatch.GetTimestamp();
        await cluster.UntilAsync(static s => s is { Running: 0, Waiting: 0, KvUsed: 0 });
        output.WriteLine($"Everything was given back {Stopwatch.GetElapsedTime(killed).TotalSeconds:0.0} s after the client had gone.");
        await cluster.DrillAsync(cluster.Plan with { Rounds = 0 }, output);
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
            await cluster.DrillAsync(cluster.Plan with { Rounds = 10, Action = DrillAction.Random, Seed = seed }, output);
        }
    }
}
