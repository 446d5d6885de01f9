using HunyuanOrleans.Cluster.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Client.Tests.Support;

/// <summary>Three silos with the demo model under three names: as a model with slow steps, as one with a short queue, and as one that reasons.</summary>
public sealed class SpecialModelsCluster : IAsyncLifetime
{
    internal static TestModel Slow { get; } = new(TestModel.Demo, Purpose: "slow");

    internal static TestModel ShortQueue { get; } = new(TestModel.Demo, Purpose: "short queue") { QueueLength = 3 };

    internal static TestModel Thinking { get; } = new(TestModel.Thinking);

    internal HunyuanCluster Cluster { get; private set; } = null!;

    public async Task InitializeAsync() => Cluster = await HunyuanCluster.StartAsync(
        DemoCluster.Silos,
        [Slow, ShortQueue, Thinking],
        setup: new ClusterSetup { ConfigureSilo = static (_, silo) => DemoCluster.SlowDown(silo, Slow) });

    public async Task DisposeAsync() => await Cluster.DisposeAsync();
}
