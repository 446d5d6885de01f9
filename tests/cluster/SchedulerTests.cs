using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Simulation;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>Schedulers that are superseded, and steps that wait for weights.</summary>
public sealed class SchedulerTests
{
    [Fact]
    public async Task A_superseded_scheduler_ends_and_its_answers_continue_with_a_higher_epoch()
    {
        TestModel model = new("tiny-top8-nocla");
        GenerationRequest[] requests = TestRequests.Create(4, model.VocabularySize, 100);
        int[][][] expected = await LocalReference.RunAsync(model, requests);
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(2, model);
        BackgroundLoad load = new(cluster.Model, requests, expected, requests.Length);
        await load.UntilAllContinueAsync();
        ModelReport before = await cluster.Model.ReportAsync();

        // A scheduler on a silo whose clock is ten days ahead was here.
        long ahead = before.Epoch + TimeSpan.FromDays(10).Ticks;
        foreach (string silo in cluster.RunningSilos())
        {
            Hosts(cluster, silo).Get(model.Name).Enter(ahead);
        }

        ModelReport after = await cluster.Model.UntilAsync(report => report.Epoch > before.Epoch);
        Assert.Equal(ahead + 1, after.Epoch);
        await load.UntilAllContinueAsync();
        await load.StopAsync();
    }

    [Fact]
    public async Task A_step_waits_for_weights_as_long_as_loading_takes()
    {
        const int Silos = 10;
        // The deadline is shorter than loading, and long enough for the first plan on a busy machine.
        const double LoadSeconds = 20, DeadlineSeconds = 15, TimeScale = 0.001;
        DeviceProfile device = DeviceCatalog.Get("h20");
        SimulatedHardware hardware = device.Simulated(device.MemoryBytes);
        TestModel model = new(TestModel.Large, ComputeMode.Bf16, Purpose: "slow disks")
        {
            Simulation = new SimulationOptions { Hardware = hardware with { LoadBytesPerSecond = 78e9 / LoadSeconds * TimeScale }, TimeScale = TimeScale },
        };
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(Silos, model, (_, options) => options with
        {
            Capacity = SiloCapacity.FromDevice(
                options.Capacity.Name, device, memoryBytes: device.MemoryBytes - SimulatedDevice.ReservedBytes(model.Config, model.Options)),
            StepDeadline = TimeSpan.FromSeconds(DeadlineSeconds),
        });
        int[][] answer = await cluster.Model.GenerateAsync(TestRequests.Create(1, model.VocabularySize, 4)[0]);
        Assert.Equal(4, answer[0].Length);
    }

    private static ModelHosts Hosts(HunyuanCluster cluster, string silo) =>
        cluster.Silos.ServicesOf(cluster.Silos.Silos.First(address => cluster.Silos.NameOf(address) == silo)).GetRequiredService<ModelHosts>();
}
