using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Model.Loading;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>When layers move to another silo, the keys and values of running requests move with them.</summary>
public sealed class KvMigrationTests(KvMigrationTests.TwoSilos fixture) : IClassFixture<KvMigrationTests.TwoSilos>
{
    [Theory]
    [InlineData(null)]
    [InlineData(KvFormat.Int8)]
    [InlineData(KvFormat.Fp8)]
    public async Task Caches_move_when_a_silo_joins_or_leaves(KvFormat? kv)
    {
        TestModel model = ModelWith(kv);
        GenerationRequest[] requests = TestRequests.Create(8, model.VocabularySize, 600);
        int[][][] expected = await LocalReference.RunAsync(model, requests);
        HunyuanCluster cluster = fixture.Cluster;
        ModelClient client = cluster.ClientOf(model);
        BackgroundLoad load = new(client, requests, expected, requests.Length);
        ModelReport before = await client.UntilAsync(static report => report.Statistics.AnswerTokens > 50);
        await cluster.AddAsync();
        await client.UntilAsync(report => report.Version > before.Version && report.Switches > before.Switches);

        // The scheduler's own silo stays: when that leaves, its successor computes the sequences again.
        string leaving = cluster.RunningSilos().First(silo => silo != before.SchedulerSilo);
        await cluster.StopAsync(leaving);
        ModelReport after = await client.ReportAsync();
        Assert.DoesNotContain(after.Stages.Concat(after.Groups), key => PinnedKey.Parse(key).Silo == leaving);
        Assert.True(after.Switches >= 3, $"{after.Switches} switches");
        Assert.Equal(0, after.Statistics.Replays);
        await load.StopAsync();
        Assert.True(load.Answers >= requests.Length, $"{load.Answers} answers");
    }

    private static TestModel ModelWith(KvFormat? kv) => new("tiny-top8-nocla", Kv: kv);

    /// <summary>A cluster of two silos. Each case adds a silo and stops one.</summary>
    public sealed class TwoSilos : IAsyncLifetime
    {
        internal HunyuanCluster Cluster { get; private set; } = null!;

        public async Task InitializeAsync() =>
            Cluster = await HunyuanCluster.StartAsync(2, [ModelWith(null), ModelWith(KvFormat.Int8), ModelWith(KvFormat.Fp8)]);

        public async Task DisposeAsync() => await Cluster.DisposeAsync();
    }
}
