using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.TestSupport;
using Xunit;
using Xunit.Abstractions;

namespace HunyuanOrleans.Cluster.Tests.Processes;

/// <summary>Four silos of every role as processes, with membership in PostgreSQL, for all tests of a class; started by the first that runs.</summary>
public sealed class ProcessCluster : IAsyncLifetime
{
    public const int Silos = 4, Streams = 32;

    private DrillCluster? _cluster;
    private int[][]? _expected;
    private Task? _started;

    internal DrillCluster Cluster => _cluster!;

    internal DrillPlan Plan { get; } = new()
    {
        Folder = TestPaths.DemoModel,
        Config = ModelConfig.Load(TestPaths.DemoModel),
        Silos = Silos,
        Streams = Streams,
        Rounds = Silos,
        Action = DrillAction.Kill,
        Pause = TimeSpan.FromMilliseconds(200),
    };

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }
    }

    /// <summary>Starts the silos, or skips where there can be none.</summary>
    internal async Task StartAsync(ITestOutputHelper output)
    {
        await (_started ??= StartSilosAsync(output));
        Skip.If(!Cluster.CanLoseAnySilo, "PostgreSQL is not installed.");
    }

    /// <summary>Runs rounds of a drill on the silos.</summary>
    internal Task<DrillReport> DrillAsync(DrillPlan plan, ITestOutputHelper output) => Drill.RunAsync(
        plan, _expected!, Cluster, (_, _, note) => output.WriteLine($"{note}"), TimeProvider.System, default);

    private async Task StartSilosAsync(ITestOutputHelper output)
    {
        _cluster = await DrillCluster.CreateAsync(Plan, default);
        if (!_cluster.CanLoseAnySilo)
        {
            return;
        }

        using (ModelRunner model = UndisturbedRun.Load(Plan, default))
        {
            _expected = await UndisturbedRun.RunAsync(Plan, model, static (_, _, _) => { }, default);
        }

        await Drill.StartAsync(Plan, _cluster, (_, _, note) => output.WriteLine($"{note}"), TimeProvider.System, default);
    }
}
