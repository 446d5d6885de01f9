using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.TestSupport;
using Xunit;
using Xunit.Abstractions;

namespace HunyuanOrleans.Cluster.Tests.Processes;

/// <summary>Four silo processes, one of every role, shared by the tests of a class. The first test that runs starts them.</summary>
/// <param name="membership">The database for the membership.</param>
public abstract class ProcessCluster(string membership) : IAsyncLifetime
{
    public const int Silos = 4, Streams = 32;

    // Far longer than anything here takes: only a condition that never holds fails.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private DrillCluster? _cluster;
    private int[][]? _expected;
    private Task? _started;

    internal DrillCluster Cluster => _cluster!;

    private readonly TempFolder _logs = new();

    internal DrillPlan Plan => field ??= new()
    {
        Logs = _logs.Root,
        Folder = TestPaths.DemoModel,
        Config = ModelConfig.Load(TestPaths.DemoModel),
        Silos = Silos,
        Streams = Streams,
        Rounds = Silos,
        Action = DrillAction.Kill,
        Membership = Enum.Parse<MembershipKind>(membership),
        Pause = TimeSpan.FromMilliseconds(200),
    };

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }

        _logs.Dispose();
    }

    /// <summary>What all silos have logged until now.</summary>
    internal string ReadLogs() => string.Concat(Directory.EnumerateFiles(_logs.Root).Select(static log =>
    {
        using FileStream file = new(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using StreamReader reader = new(file);
        return reader.ReadToEnd();
    }));

    /// <summary>Starts the silos, or skips the test if the database is not installed.</summary>
    internal async Task StartAsync(ITestOutputHelper output)
    {
        string? missing = MembershipServer.Missing(Plan.Membership!.Value);
        Skip.If(missing is not null, missing);
        await (_started ??= StartSilosAsync(output));
    }

    /// <summary>Runs a drill on the silos. No answer may fail, no token may differ, and afterwards no request may be left.</summary>
    internal async Task<DrillReport> DrillAsync(DrillPlan plan, ITestOutputHelper output)
    {
        DrillReport report = await Drill.RunAsync(plan, _expected!, Cluster, (_, _, note) => output.WriteLine($"{note}"), TimeProvider.System, default);
        StringWriter table = new();
        DrillTable.Write(plan, report, table);
        output.WriteLine(table.ToString());
        Assert.True(report.Passed, $"{report.Failed} failed, {report.Unequal} unequal: {string.Join("; ", report.Problems)}");
        await UntilAsync(static s => s is { Running: 0, Waiting: 0, KvUsed: 0 });
        return report;
    }

    /// <summary>Waits until the scheduler's statistics satisfy a condition.</summary>
    internal Task UntilAsync(Func<StatisticsMessage, bool> condition) => UntilReportAsync(report => condition(report.Statistics));

    /// <summary>Waits until the scheduler's report satisfies a condition.</summary>
    internal async Task UntilReportAsync(Func<ModelReport, bool> condition)
    {
        ClusterMonitor monitor = new(Cluster.Grains, Plan.ModelName, TimeProvider.System);
        ModelReport? last = await monitor.WaitAsync(condition, Limit, default);
        Assert.True(last is not null && condition(last), $"{last}");
    }

    private async Task StartSilosAsync(ITestOutputHelper output)
    {
        using (ModelRunner model = UndisturbedRun.Load(Plan, default))
        {
            _expected = await UndisturbedRun.RunAsync(Plan, model, static (_, _, _) => { }, default);
        }

        _cluster = await DrillCluster.CreateAsync(Plan, default);
        await Drill.StartAsync(Plan, _cluster, (_, _, note) => output.WriteLine($"{note}"), TimeProvider.System, default);
    }
}

/// <summary>Silo processes with their membership in PostgreSQL.</summary>
public sealed class PostgresProcessCluster() : ProcessCluster(nameof(MembershipKind.Postgres));

/// <summary>Silo processes with their membership in Redis.</summary>
public sealed class RedisProcessCluster() : ProcessCluster(nameof(MembershipKind.Redis));

/// <summary>Tests on silo processes run one after another. Those with the membership in PostgreSQL share their silos.</summary>
[CollectionDefinition(nameof(ProcessTests), DisableParallelization = true)]
public sealed class SharedProcessCluster : ICollectionFixture<PostgresProcessCluster>;
