using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.TestSupport;
using Orleans;
using Orleans.Runtime;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>Clients that invent keys of grains leave no grain behind, and cannot keep the silos' network busy.</summary>
[Collection(nameof(SharedClusters))]
public sealed class InventedKeyTests(SharedClusters clusters)
{
    [Fact]
    public async Task A_silo_has_one_grain_whatever_keys_clients_invent()
    {
        HunyuanCluster cluster = await clusters.StartAsync(2);
        string silo = cluster.NameOf(1), own = PinnedKey.OfSilo(silo).ToString();
        foreach (string key in (string[])[$"invented|@{silo}", $"|invented@{silo}", $"invented|0-1@{silo}"])
        {
            GrainCallException refused = await Assert.ThrowsAsync<GrainCallException>(() => SiloGrain(cluster, key).DescribeAsync());
            Assert.Equal($"\"{key}\" is no key of this silo's grain; allowed: \"{own}\".", refused.Message);
        }

        await SiloGrain(cluster, own).DescribeAsync();
        await Wait.UntilAsync(() => KeysAsync(cluster, "silo"), keys => keys.All(key => !key.Contains("invented", StringComparison.Ordinal)) && keys.Contains(own));
    }

    [Fact]
    public async Task Text_grains_of_models_that_no_silo_serves_go_away()
    {
        HunyuanCluster cluster = await clusters.StartAsync(2);
        for (int i = 0; i < 10; i++)
        {
            Assert.False((await cluster.Silos.Client.GetGrain<ITextGrain>($"invented {i}").DescribeAsync()).IsKnown);
            Assert.NotNull((await cluster.Silos.Client.GetGrain<ITextGrain>($"invented too {i}").EncodeAsync("a")).RequestError);
        }

        await Wait.UntilAsync(() => KeysAsync(cluster, "text"), static keys => keys.All(static key => !key.StartsWith("invented", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(16 << 20, 65)]
    [InlineData(1 << 20, 1025)]
    [InlineData((16 << 20) + 1, 1)]
    [InlineData(0, 2001)]
    public async Task Calls_that_move_too_much_are_not_measured(int bytes, int calls)
    {
        HunyuanCluster cluster = await clusters.StartAsync(2);
        ISiloGrain silo = SiloGrain(cluster, PinnedKey.OfSilo(cluster.NameOf(0)).ToString());
        GrainCallException refused = await Assert.ThrowsAsync<GrainCallException>(() => silo.MeasureCallAsync(cluster.NameOf(1), bytes, calls));
        Assert.StartsWith($"{calls} calls of {bytes} bytes cannot be measured; allowed: ", refused.Message, StringComparison.Ordinal);
    }

    private static ISiloGrain SiloGrain(HunyuanCluster cluster, string key) => cluster.Silos.Client.GetGrain<ISiloGrain>(key);

    /// <summary>The keys of all active grains of a type.</summary>
    private static async Task<string[]> KeysAsync(HunyuanCluster cluster, string type)
    {
        DetailedGrainStatistic[] active = await cluster.Silos.SiloClient.GetGrain<IManagementGrain>(0).GetDetailedGrainStatistics();
        return [.. active.Where(grain => grain.GrainId.Type.ToString() == type).Select(static grain => grain.GrainId.Key.ToString()!)];
    }
}
