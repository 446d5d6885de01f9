using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Placement;
using Xunit;
using Xunit.Abstractions;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>Silos are killed, stopped and added while requests run. No answer fails and no token differs.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private const int Streams = 32;

    private static readonly TestModel Model = new("tiny-top8-nocla");

    private static readonly SiloRole[] Roles = [SiloRole.Attention, SiloRole.Experts, SiloRole.Experts, SiloRole.Gateway, SiloRole.Attention];

    private static readonly (string Kind, Func<ModelReport, string, bool> Is)[] Kinds =
    [
        ("gateway only", static (report, silo) => !HoldsAttention(report, silo) && !HoldsExperts(report, silo) && report.SchedulerSilo != silo),
        ("experts only", static (report, silo) => !HoldsAttention(report, silo) && HoldsExperts(report, silo)),
        ("attention, not the scheduler", static (report, silo) => HoldsAttention(report, silo) && report.SchedulerSilo != silo),
        ("the scheduler", static (report, silo) => report.SchedulerSilo == silo),
    ];

    [Theory]
    [InlineData("tiny-top8-nocla")]
    [InlineData("tiny-hy3")]
    public async Task Every_kind_of_silo_may_die(string folder)
    {
        TestModel model = new(folder);
        GenerationRequest[] requests = TestRequests.Create(24, model.VocabularySize, 40);
        int[][][] expected = await LocalReference.RunAsync(model, requests);
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(
            Roles.Length,
            model,
            static (number, options) => options with
            {
                Capacity = options.Capacity with { Role = number < Roles.Length ? Roles[number] : SiloRole.Any },
            },
            new ClusterSetup { FailsFast = true });
        BackgroundLoad load = new(cluster.Model, requests, expected, Streams);
        await load.UntilAllContinueAsync();
        foreach ((string kind, Func<ModelReport, string, bool> isKind) in Kinds)
        {
            ModelReport report = await cluster.Model.UntilAsync(now => cluster.RunningSilos().Any(silo => isKind(now, silo)));
            string victim = cluster.RunningSilos().First(silo => isKind(report, silo));
            await cluster.KillAsync(victim);
            TimeSpan resumed = await load.UntilAllContinueAsync();
            output.WriteLine($"killed {victim}, {kind}: all {Streams} streams continue after {resumed.TotalMilliseconds:0} ms");
            await cluster.AddAsync();
            await load.UntilAllContinueAsync();
        }

        await load.StopAsync();
        Assert.True(load.Answers >= Streams);
    }

    [Fact]
    public async Task Silos_come_and_go_under_load()
    {
        GenerationRequest[] requests = TestRequests.Create(16, Model.VocabularySize, 40);
        int[][][] expected = await LocalReference.RunAsync(Model, requests);
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(1, Model, setup: new ClusterSetup { FailsFast = true });
        BackgroundLoad load = new(cluster.Model, requests, expected, 8);
        await load.UntilAllContinueAsync();
        load.ForgetSilences();
        for (int silos = 2; silos <= 5; silos++)
        {
            await cluster.AddAsync();
            await cluster.Model.UntilAsync(report => SilosInUse(report) == silos);
            await load.UntilAllContinueAsync();
        }

        output.WriteLine($"1 to 5 silos: longest silence {load.LongestSilence.TotalMilliseconds:0} ms");
        for (int number = 0; number < 4; number++)
        {
            await cluster.StopAsync(cluster.NameOf(number));
            await load.UntilAllContinueAsync();
        }

        output.WriteLine($"5 to 1 silos: longest silence {load.LongestSilence.TotalMilliseconds:0} ms");
        await load.StopAsync();
        Assert.True(load.Answers >= 8);
    }

    private static bool HoldsAttention(ModelReport report, string silo) => report.Stages.Any(key => PinnedKey.Parse(key).Silo == silo);

    private static bool HoldsExperts(ModelReport report, string silo) => report.Groups.Any(key => PinnedKey.Parse(key).Silo == silo);

    private static int SilosInUse(ModelReport report) =>
        report.Stages.Concat(report.Groups).Select(static key => PinnedKey.Parse(key).Silo).Distinct().Count();
}
