using System.Collections.Concurrent;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Support;

/// <summary>
/// The clusters of all tests that neither add nor end silos: one for each number of silos, started by the first test that needs it. Each serves
/// all <see cref="Models"/>.
/// </summary>
[CollectionDefinition(nameof(SharedClusters))]
public sealed class SharedClusters : ICollectionFixture<SharedClusters>, IAsyncLifetime
{
    private readonly ConcurrentDictionary<int, Task<HunyuanCluster>> _clusters = new();

    /// <summary>Every model that a test of the collection asks for.</summary>
    internal static TestModel[] Models { get; } =
    [
        .. SameBitsTests.Models, .. LogitsTests.Models, .. QuantizedTests.Models, .. ConstraintTests.Models, .. RequestTests.Models,
        .. PromptScoreTests.Models, .. SpeculationTests.Models,
    ];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (Task<HunyuanCluster> cluster in _clusters.Values)
        {
            await (await cluster).DisposeAsync();
        }
    }

    /// <summary>The cluster with so many silos.</summary>
    internal Task<HunyuanCluster> StartAsync(int silos) => _clusters.GetOrAdd(silos, static number => HunyuanCluster.StartAsync(number, Models));

    /// <summary>A client of a model on the cluster with so many silos.</summary>
    internal async Task<ModelClient> StartAsync(int silos, TestModel model) => (await StartAsync(silos)).ClientOf(model);
}
