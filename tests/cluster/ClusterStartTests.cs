using HunyuanOrleans.TestSupport.Cluster;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests;

public sealed class ClusterStartTests
{
    [Fact]
    public async Task Silos_come_and_go()
    {
        await using var cluster = await TestCluster.StartAsync(1);
        var joined = await cluster.AddSiloAsync();
        Assert.Contains(joined, cluster.Silos);
        await cluster.StopSiloAsync(joined);
        Assert.DoesNotContain(joined, cluster.Silos);
    }
}
