using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Links;
using HunyuanOrleans.Grains.Placement;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Links;

/// <summary>A cluster whose silos talk over simulated links.</summary>
public sealed class LinkClusterTests
{
    [Fact]
    public async Task Calls_take_as_long_as_the_link_and_no_token_changes()
    {
        TestModel model = new("tiny-cla");
        GenerationRequest[] requests = TestRequests.Create(4, model.VocabularySize);
        int[][][] expected = await LocalReference.RunAsync(model, requests);
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(
            2, model, static (_, options) => options with { Link = LinkSpeed.Parse("50ms,10MB/s"), TimeScale = 0.1 });
        ISiloGrain silo = cluster.Silos.Client.GetGrain<ISiloGrain>(PinnedKey.OfSilo(cluster.NameOf(0)).ToString());
        double call = await silo.MeasureCallAsync(cluster.NameOf(1), 500_000, 1);

        // Twice 5 ms, and twice 500,000 bytes at 100 MB/s.
        Assert.True(call >= 0.020, $"{call} s");
        Assert.Equal(expected, await cluster.Model.GenerateAllAsync(requests));
    }
}
