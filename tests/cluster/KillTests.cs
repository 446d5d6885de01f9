using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.TestSupport;
using Xunit;
using Xunit.Abstractions;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>Silos die, stop and come while requests run; no answer fails, no token differs.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private const int Streams = 32;

    private static readonly string Directory = Path.Combine(TestPaths.Data, "models", "tiny-top8-nocla");

    private static readonly SiloRole[] Roles = [SiloRole.Attention, SiloRole.Experts, SiloRole.Experts, SiloRole.Gateway, SiloRole.Attention];

    private static readonly (string Kind, Func<ModelReport, string, bool> Is)[] Kinds =
    [
        ("gateway only", static (report, silo) => !Attention(report, silo) && !Experts(report, silo) && report.SchedulerSilo != silo),
        ("experts only", static (report, silo) => !Attention(report, silo) && Experts(report, silo)),
        ("attention, not the scheduler", static (report, silo) => Attention(report, silo) && report.SchedulerSilo != silo),
        ("the scheduler", static (report, silo) => report.SchedulerSilo == silo),
    ];

    [Fact]
    public async Task Every_kind_of_silo_may_die()
    {
        GenerationRequest[] requests = Prompts.Of(24, ModelConfig.Load(Directory).VocabSize, 40);
        int[][][] expected = await Undisturbed.RunAsync(Directory, ComputeMode.F32, requests);
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(Directory, Roles.Length, change: (number, options) => options with
        {
            Capacity = options.Capacity with { Role = number < Roles.Length ? Roles[number] : SiloRole.Any },
        });
        Streams streams = new(cluster, requests, expected, Streams);
        await streams.AllGoOnAsync();
        foreach ((string kind, Func<ModelReport, string, bool> isKind) in Kinds)
        {
            ModelReport report = await cluster.UntilRouteAsync(r => cluster.Alive().Any(silo => isKind(r, silo)));
            string victim = cluster.Alive().First(silo => isKind(report, silo));
            await cluster.KillAsync(victim);
            TimeSpan resumed = await streams.AllGoOnAsync();
            output.WriteLine($"killed {victim}, {kind}: all {Streams} streams go on after {resumed.TotalMilliseconds:0} ms");
            await cluster.AddAsync();
            await streams.AllGoOnAsync();
        }

        await streams.EndAsync();
        Assert.True(streams.Answers >= Streams);
    }

    [Fact]
    public async Task Silos_come_and_go_under_load()
    {
        GenerationRequest[] requests = Prompts.Of(16, ModelConfig.Load(Directory).VocabSize, 40);
        int[][][] expected = await Undisturbed.RunAsync(Directory, ComputeMode.F32, requests);
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(Directory, 1);
        Streams streams = new(cluster, requests, expected, 8);
        await streams.AllGoOnAsync();
        streams.ForgetGaps();
        for (int silos = 2; silos <= 5; silos++)
        {
            await cluster.AddAsync();
            await cluster.UntilRouteAsync(report => Silos(report) == silos);
            await streams.AllGoOnAsync();
        }

        output.WriteLine($"1 to 5 silos: longest silence {streams.MaxGap.TotalMilliseconds:0} ms");
        for (int number = 0; number < 4; number++)
        {
            await cluster.StopAsync(number);
            await streams.AllGoOnAsync();
        }

        output.WriteLine($"5 to 1 silos: longest silence {streams.MaxGap.TotalMilliseconds:0} ms");
        await streams.EndAsync();
        Assert.True(streams.Answers >= 8);
    }

    private static bool Attention(ModelReport report, string silo) => report.Stages.Any(key => PinnedKey.Parse(key).Silo == silo);

    private static bool Experts(ModelReport report, string silo) => report.Groups.Any(key => PinnedKey.Parse(key).Silo == silo);

    private static int Silos(ModelReport report) =>
        report.Stages.Concat(report.Groups).Select(key => key[(key.LastIndexOf('@') + 1)..]).Distinct().Count();
}
