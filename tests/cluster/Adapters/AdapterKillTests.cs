using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Placement;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Adapters;

/// <summary>Eight adapters and the bare model share batches while silos are killed and added. No token differs from those of one process.</summary>
public sealed class AdapterKillTests
{
    private const int Streams = 18;

    private static readonly SiloRole[] Roles = [SiloRole.Attention, SiloRole.Experts, SiloRole.Experts, SiloRole.Attention];

    [Theory]
    [InlineData("tiny-top8-nocla")]
    [InlineData("tiny-cla")]
    [InlineData("tiny-hy3")]
    public async Task Every_kind_of_silo_may_die(string folder)
    {
        TestModel model = new(folder);
        using TestAdapters adapters = new(model, 8);
        GenerationRequest[] requests = adapters.Mix(TestRequests.Create(18, model.VocabularySize, 40));
        int[][][] expected = await LocalReference.RunAsync(model, requests, adapters.Folders);
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(
            Roles.Length,
            model,
            (number, options) => adapters.AddTo(options with { Capacity = options.Capacity with { Role = number < Roles.Length ? Roles[number] : SiloRole.Any } }),
            new ClusterSetup { FailsFast = true });
        await cluster.Model.ReportAsync();
        BackgroundLoad load = new(cluster.Model, requests, expected, Streams);
        await load.UntilAllContinueAsync();
        foreach (Func<ModelReport, string, bool> isVictim in new Func<ModelReport, string, bool>[]
        {
            static (report, silo) => report.Groups.Any(key => PinnedKey.Parse(key).Silo == silo) && report.Stages.All(key => PinnedKey.Parse(key).Silo != silo),
            static (report, silo) => report.Stages.Any(key => PinnedKey.Parse(key).Silo == silo) && report.SchedulerSilo != silo,
            static (report, silo) => report.SchedulerSilo == silo,
        })
        {
            ModelReport report = await cluster.Model.UntilAsync(now => cluster.RunningSilos().Any(silo => isVictim(now, silo)));
            await cluster.KillAsync(cluster.RunningSilos().First(silo => isVictim(report, silo)));
            await load.UntilAllContinueAsync();
            await cluster.AddAsync();
            await load.UntilAllContinueAsync();
        }

        await load.StopAsync();
        Assert.True(load.Answers >= Streams);
    }
}
