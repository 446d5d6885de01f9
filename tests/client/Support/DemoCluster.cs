using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.TestSupport;
using Orleans.Hosting;
using Xunit;

namespace HunyuanOrleans.Client.Tests.Support;

/// <summary>Three silos with the demo model and nothing else, for all tests that neither end silos nor need other models.</summary>
[CollectionDefinition(nameof(DemoCluster))]
public sealed class DemoCluster : ICollectionFixture<DemoCluster>, ICollectionFixture<SpecialModelsCluster>, IAsyncLifetime
{
    internal const int Silos = 3;

    /// <summary>How long a step of a slow model takes at least, so that long answers do not end before a test cancels them.</summary>
    private static readonly TimeSpan SlowStep = TimeSpan.FromMilliseconds(10);

    internal static TestModel Model { get; } = new(TestModel.Demo) { Name = TestModel.Demo };

    internal HunyuanCluster Cluster { get; private set; } = null!;

    /// <summary>The client that the tests share. It names no model.</summary>
    internal HunyuanClient Client { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Cluster = await HunyuanCluster.StartAsync(Silos, Model);
        Client = ClientOf(Cluster);
    }

    public async Task DisposeAsync()
    {
        await Client.DisposeAsync();
        await Cluster.DisposeAsync();
    }

    /// <summary>A client over the cluster's connection, with a deadline that no slow machine reaches.</summary>
    internal static HunyuanClient ClientOf(HunyuanCluster cluster, TestModel? model = null) =>
        new(cluster.Silos.Client, new HunyuanClientOptions { Model = model?.Name, Deadline = Wait.Limit });

    /// <summary>Delays every step of a model on a silo.</summary>
    internal static void SlowDown(ISiloBuilder silo, TestModel model) => silo.AddIncomingGrainCallFilter(async call =>
    {
        if (call.InterfaceMethod.DeclaringType == typeof(IAttentionShardGrain)
            && call.InterfaceMethod.Name == nameof(IAttentionShardGrain.ForwardAsync)
            && PinnedKey.Parse(call.TargetId.Key.ToString()!).Model == model.Name)
        {
            await Task.Delay(SlowStep);
        }

        await call.Invoke();
    });
}
