using System.Reflection;
using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Execution;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Loading;

/// <summary>Loading a plan of which a silo fails.</summary>
public sealed class RoutePreparerTests
{
    private static readonly TestModel Model = new("tiny-top8-nocla");

    [Fact]
    public async Task The_first_failure_ends_an_attempt_while_other_silos_load()
    {
        PartitionPlan plan = PartitionPlan.Create(Model.Config, [Silo("a"), Silo("b")], new PlanOptions { MinKvTokens = TestModel.KvTokens });
        RoutePreparer preparer = new(FakeGrains.Create(Answer), Model.Name, ModelPieces.PoolOf(Model.Options));
        (RouteStage[] stages, _) = preparer.Places(plan);
        Assert.Equal(["a", "b"], stages.Select(static stage => stage.Key.Silo).Distinct().Order());
        SiloLoadException failed = await Assert.ThrowsAsync<SiloLoadException>(
            () => preparer.PrepareAsync(plan, 1, 1, static _ => [], new RouteLoading(TimeProvider.System), CancellationToken.None).WaitAsync(Wait.Limit));
        Assert.Equal(("b", "The disk is broken."), (failed.Silo, failed.Message));
    }

    // Silo a loads for ever, silo b fails.
    private static object? Answer(string key, MethodInfo method) => method.Name switch
    {
        nameof(ISiloGrain.ReserveAsync) => Task.FromResult(true),
        nameof(IExpertGroupGrain.LoadAsync) when method.ReturnType == typeof(Task<LoadState>) => LoadAsync<LoadState>(key),
        nameof(IAttentionShardGrain.LoadAsync) => LoadAsync<ShardState>(key),
        _ => throw new InvalidOperationException($"{method.Name} is not expected."),
    };

    private static Task<T> LoadAsync<T>(string key) => key.EndsWith("@b", StringComparison.Ordinal)
        ? Task.FromException<T>(new GrainCallException("The disk is broken."))
        : new TaskCompletionSource<T>().Task;

    private static SiloCapacity Silo(string name) => new() { Name = name, MemoryBytes = 1L << 32, MemoryBandwidth = 50e9 };
}
