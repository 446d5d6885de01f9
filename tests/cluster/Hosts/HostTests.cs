using System.Diagnostics;
using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.Cluster.Tests.Processes;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.TestSupport;
using Xunit;
using Xunit.Abstractions;

namespace HunyuanOrleans.Cluster.Tests.Hosts;

/// <summary>
/// Three hosts run a silo each, the third one the database too. Links are cut, a host is killed, packets are lost and links are slow. No answer
/// fails and no token differs. The readers are on a fourth host, this machine.
/// </summary>
[Collection(nameof(ProcessTests))]
public sealed class HostTests(ITestOutputHelper output)
{
    private const string EnableVariable = "HUNYUAN_NETNS";

    private const int Hosts = 3, DatabaseHost = 3;

    /// <summary>How long the short cut lasts: steps notice it, but no silo is declared dead.</summary>
    private static readonly TimeSpan ShortCut = TimeSpan.FromSeconds(6);

    /// <summary>How long the speed is measured.</summary>
    private static readonly TimeSpan MeasuredTime = TimeSpan.FromSeconds(15);

    private readonly DrillPlan _plan = new()
    {
        Folder = TestPaths.DemoModel,
        Config = ModelConfig.Load(TestPaths.DemoModel),
        Silos = Hosts,
        Streams = 16,
        Rounds = 0,
        Action = DrillAction.Kill,
        Logs = Environment.GetEnvironmentVariable("HUNYUAN_TEST_LOGS"),
    };

    private NetworkHosts _hosts = null!;
    private DrillCluster _cluster = null!;
    private DrillStreams _streams = null!;

    [SkippableFact]
    public async Task Answers_survive_what_happens_to_hosts_and_their_links()
    {
        Skip.If(string.IsNullOrEmpty(Environment.GetEnvironmentVariable(EnableVariable)), $"{EnableVariable}=1 runs it, as root.");
        Skip.If(NetworkHosts.Missing is not null, NetworkHosts.Missing);
        int[][] expected;
        using (ModelRunner model = UndisturbedRun.Load(_plan, default))
        {
            expected = await UndisturbedRun.RunAsync(_plan, model, static (_, _, _) => { }, default);
        }

        using NetworkHosts hosts = _hosts = new(Hosts);
        await using DrillCluster cluster = _cluster = await DrillCluster.CreateAsync(_plan, hosts.DrillHosts, default);
        Skip.If(cluster.Server is null, "Neither PostgreSQL nor Redis is installed.");
        await Drill.StartAsync(_plan, cluster, static (_, _, _) => { }, TimeProvider.System, default);
        await using DrillStreams streams = _streams = new(_plan, expected, cluster.Grains, TimeProvider.System);
        await streams.WaitForTokensAsync(default);

        await LoseHostAsync("cut off", 1, hosts.Cut, hosts.Heal);
        await LoseHostAsync("deaf", 2, hosts.Deaf, _ => hosts.Clear());
        await LoseHostAsync("killed", 1, hosts.Kill, static _ => { });
        await CutDatabaseHostAsync();
        await MeasureSpeedAsync("nothing wrong", static () => { });
        await MeasureSpeedAsync("no database", () => hosts.Close(DatabaseHost, cluster.Server.Port));
        await MeasureSpeedAsync("1% of packets lost", () => hosts.Lose(1));
        await MeasureSpeedAsync("100 Mbit/s", () => hosts.Limit("100mbit"));
        await MeasureSpeedAsync("10 Mbit/s", () => hosts.Limit("10mbit"));
        await MeasureSpeedAsync("nothing wrong", static () => { });

        await streams.FinishAsync(default);
        output.WriteLine($"{streams.Answers} answers, {streams.Tokens} tokens compared, {streams.Failed} failed, {streams.Unequal} unequal");
        Assert.True(streams.Failed == 0 && streams.Unequal == 0, string.Join("; ", streams.Problems));
    }

    // The other silos declare the host's silo dead. If it was not killed, it ends itself. Then it is started again, as a service manager does.
    private async Task LoseHostAsync(string how, int host, Action<int> lose, Action<int> mend)
    {
        DrillSilo silo = _cluster.Silos[host - 1];
        string held = ClusterMonitor.Describe(await Watch().TryReportAsync(default), silo.Name);
        _streams.MarkAction();
        lose(host);
        await UntilStreamsContinueAsync();
        TimeSpan[] waits = _streams.TakeLongestWaits();
        await UntilAsync(report => !report.Silos.Contains(silo.Name), $"{silo.Name} was {how} and is not declared dead.");
        mend(host);
        long mended = Stopwatch.GetTimestamp();
        int code = await _cluster.WaitForExitAsync(silo, default);
        Assert.NotEqual(0, code);
        TimeSpan ended = Stopwatch.GetElapsedTime(mended);
        await _cluster.AddAsync(silo, default);
        await UntilAsync(report => ClusterMonitor.Holds(report, silo.Name), $"{silo.Name} was {how}, came back and gets no part.");
        await UntilStreamsContinueAsync();
        output.WriteLine($"{how,-20} {silo.Name} ({held}): {Waits(waits)}; its silo ended {ended.TotalSeconds:0.0} s after the link was mended");
    }

    // No silo is declared dead: the cut is short, and the database, where a death is recorded, is on this host.
    private async Task CutDatabaseHostAsync()
    {
        DrillSilo silo = _cluster.Silos[DatabaseHost - 1];
        _streams.MarkAction();
        _hosts.Cut(DatabaseHost);
        await Task.Delay(ShortCut);
        _hosts.Heal(DatabaseHost);
        await UntilStreamsContinueAsync();
        TimeSpan[] waits = _streams.TakeLongestWaits();
        await UntilAsync(report => report.Silos.Length == Hosts && ClusterMonitor.Holds(report, silo.Name), $"{silo.Name} is back and gets no part.");
        output.WriteLine($"{"cut for 6 s",-20} {silo.Name}, with the database: {Waits(waits)}; all three continue");
    }

    private async Task MeasureSpeedAsync(string what, Action harm)
    {
        harm();
        await UntilStreamsContinueAsync();
        long before = _streams.Tokens, began = Stopwatch.GetTimestamp();
        await Task.Delay(MeasuredTime);
        double speed = (_streams.Tokens - before) / Stopwatch.GetElapsedTime(began).TotalSeconds;
        _hosts.Clear();
        await UntilStreamsContinueAsync();
        output.WriteLine($"{what,-20} {speed:0} tokens/s");
    }

    // Waits twice, because the first token may have been sent before the fault.
    private async Task UntilStreamsContinueAsync()
    {
        await _streams.WaitForTokensAsync(default);
        await _streams.WaitForTokensAsync(default);
    }

    private async Task UntilAsync(Func<ModelReport, bool> condition, string failure)
    {
        ModelReport? last = await Watch().WaitAsync(condition, Wait.Limit, default);
        Assert.True(last is not null && condition(last), failure);
    }

    private ClusterMonitor Watch() => new(_cluster.Grains, _plan.ModelName, TimeProvider.System);

    private static string Waits(TimeSpan[] waits) => $"streams continue after {DrillReport.Median(waits).TotalSeconds:0.0} s (median), {waits.Max().TotalSeconds:0.0} s (longest)";
}
