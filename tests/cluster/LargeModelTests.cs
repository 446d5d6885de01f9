using System.Collections.Concurrent;
using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Devices;
using HunyuanOrleans.Model.Simulation;
using HunyuanOrleans.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using Xunit.Abstractions;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>
/// Hunyuan-Large in bfloat16 on 16 simulated H20 that lose silos and gain one: silos load what was lost and no more, and never hold more than their memory.
/// </summary>
public sealed class LargeModelTests(ITestOutputHelper output)
{
    private const int Silos = 16;

    private readonly ConcurrentQueue<DeviceMemory> _exceeded = new();

    [Fact]
    public async Task Silos_load_what_was_lost_and_no_more_though_the_scheduler_dies()
    {
        TestModel model = new(TestModel.Large, ComputeMode.Bf16) { Simulation = Simulation() };
        GenerationRequest request = TestRequests.Create(1, model.VocabularySize, 8)[0];
        long memory = DeviceCatalog.Get("h20").MemoryBytes - SimulatedDevice.ReservedBytes(model.Config, model.Options);
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(
            Silos,
            model,
            (_, options) => options with
            {
                Capacity = SiloCapacity.FromDevice(options.Capacity.Name, DeviceCatalog.Get("h20"), memoryBytes: memory),
            },
            new ClusterSetup { FailsFast = true });
        int[][] expected = await cluster.Model.GenerateAsync(request);
        long whole = Budgets(cluster).Sum(static budget => budget.Used);
        Assert.Equal(whole, Budgets(cluster).Sum(static budget => budget.Taken));

        // No request comes and nobody asks for a report: the cluster plans again by itself.
        ModelReport before = await cluster.Model.ReportAsync();
        await LoseAsync(cluster, whole, "the scheduler", [before.SchedulerSilo]);
        Assert.Equal(expected, await cluster.Model.GenerateAsync(request));
        ModelReport after = await cluster.Model.ReportAsync();
        Assert.NotEqual(before.SchedulerSilo, after.SchedulerSilo);
        Assert.True(after.Epoch > before.Epoch);

        string[] zone = [after.SchedulerSilo, .. cluster.RunningSilos().Where(silo => silo != after.SchedulerSilo).Take(3)];
        await LoseAsync(cluster, whole, "four at once, the scheduler among them", zone);
        Assert.Equal(expected, await cluster.Model.GenerateAsync(request));

        MemoryBudget[] known = Budgets(cluster);
        long loaded = known.Sum(static budget => budget.Taken);
        await cluster.AddAsync();
        string joined = cluster.NameOf(Silos);
        await cluster.Model.UntilAsync(report => report.Stages.Concat(report.Groups).Any(key => PinnedKey.Parse(key).Silo == joined));
        Assert.Equal(expected, await cluster.Model.GenerateAsync(request));
        Assert.Equal(loaded, known.Sum(static budget => budget.Taken));
        output.WriteLine($"joined: {Budgets(cluster)[^1].Taken / 1e9:0.0} GB loaded by the silo that joined");

        long leaving = Budget(cluster, joined).Used;
        await cluster.StopAsync(joined);
        Assert.Equal(expected, await cluster.Model.GenerateAsync(request));
        Assert.InRange(known.Sum(static budget => budget.Taken) - loaded, leaving, leaving);
        Assert.All(known, budget => Assert.InRange(budget.Peak, 1, memory));
        Assert.Empty(_exceeded);
    }

    private SimulationOptions Simulation() => new()
    {
        Hardware = DeviceCatalog.Get("h20").Simulated(DeviceCatalog.Get("h20").MemoryBytes),
        TimeScale = 0.001,
        OutOfMemory = _exceeded.Enqueue,
    };

    private async Task LoseAsync(HunyuanCluster cluster, long whole, string what, string[] silos)
    {
        long lost = silos.Sum(silo => Budget(cluster, silo).Used);
        MemoryBudget[] survivors = [.. cluster.RunningSilos().Except(silos).Select(silo => Budget(cluster, silo))];
        long before = survivors.Sum(static budget => budget.Taken);
        await Task.WhenAll(silos.Select(cluster.KillAsync));
        await Wait.UntilAsync(() => survivors.Sum(static budget => budget.Used) >= whole);
        long moved = survivors.Sum(static budget => budget.Taken) - before;
        output.WriteLine($"lost {what}: {lost / 1e9:0.0} GB lost, {moved / 1e9:0.0} GB loaded, {survivors.Max(static budget => budget.Peak) / 1e9:0.0} GB at most on a silo");
        Assert.Equal(lost, moved);
    }

    private static MemoryBudget[] Budgets(HunyuanCluster cluster) => [.. cluster.RunningSilos().Select(silo => Budget(cluster, silo))];

    private static MemoryBudget Budget(HunyuanCluster cluster, string silo) =>
        cluster.Silos.ServicesOf(cluster.Silos.Silos.First(address => cluster.Silos.NameOf(address) == silo)).GetRequiredService<ModelHosts>().Memory;
}
