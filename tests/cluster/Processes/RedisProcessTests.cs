using HunyuanOrleans.Cli.Drills;
using Xunit;
using Xunit.Abstractions;

namespace HunyuanOrleans.Cluster.Tests.Processes;

/// <summary>Silo processes whose membership is in Redis are killed while 32 answers are streamed. No answer fails, no token differs.</summary>
[Collection(nameof(ProcessTests))]
public sealed class RedisProcessTests(RedisProcessCluster cluster, ITestOutputHelper output) : IClassFixture<RedisProcessCluster>
{
    [SkippableFact]
    public async Task Kill_9_of_every_kind_of_silo()
    {
        await cluster.StartAsync(output);
        DrillReport report = await cluster.DrillAsync(cluster.Plan, output);
        Assert.EndsWith("membership in Redis", report.Cluster, StringComparison.Ordinal);
        Assert.Contains("scheduler", report.Rounds[0].Held, StringComparison.Ordinal);
        Assert.Contains("attention", report.Rounds[1].Held, StringComparison.Ordinal);
        Assert.EndsWith("experts", report.Rounds[2].Held, StringComparison.Ordinal);
        Assert.Equal("nothing of the model", report.Rounds[3].Held);
    }
}
