using System.Collections.Concurrent;
using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Cuda.Operations;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Ptx.Driver;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>
/// Silos whose device is a GPU give the tokens of one. The GPU's kernels are executed instruction by instruction on the CPU, so the requests are few.
/// </summary>
public sealed class CudaTests
{
    private static readonly DeviceChoice Ptx = new("ptx", "PTX on the CPU", "ptx", 0, static () => new CudaComputeDevice(new PtxDriver()));

    private static readonly TestModel Model = new("tiny-top8-nocla", ComputeMode.Bf16) { Device = Ptx };

    [Fact]
    public async Task Two_gpus_equal_one_also_after_one_is_lost()
    {
        GenerationRequest[] requests = [.. TestRequests.Create(2, Model.VocabularySize).Select(static request => request with { MaxTokens = 6 })];
        int[][][] expected = await LocalReference.RunAsync(Model, requests);
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(2, Model);
        Assert.Equal(expected, await cluster.Model.GenerateAllAsync(requests));
        ModelReport report = await cluster.Model.ReportAsync();
        string[] silos = Holders(report);
        Assert.Equal(2, silos.Length);
        await cluster.KillAsync(silos.First(silo => silo != report.SchedulerSilo));
        Assert.Equal(expected, await cluster.Model.GenerateAllAsync(requests));
    }

    [Fact]
    public async Task Silos_replay_the_layers_between_two_choices_of_experts()
    {
        ConcurrentBag<PtxDriver> drivers = [];
        DeviceChoice counted = Ptx with
        {
            Open = () =>
            {
                PtxDriver driver = new();
                drivers.Add(driver);
                return new CudaComputeDevice(driver);
            },
        };
        GenerationRequest[] requests = [.. TestRequests.Create(1, Model.VocabularySize).Select(static request => request with { MaxTokens = 6 })];
        int[][][] expected = await LocalReference.RunAsync(Model, requests);
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(2, Model with { Device = counted });
        Assert.Equal(expected, await cluster.Model.GenerateAllAsync(requests));
        Assert.Equal(2, drivers.Count);
        Assert.All(drivers, static driver => Assert.NotEqual(0, driver.GraphLaunches));
    }

    [Fact]
    public async Task A_model_is_not_divided_between_a_gpu_and_a_cpu()
    {
        GenerationRequest[] requests = [.. TestRequests.Create(1, Model.VocabularySize).Select(static request => request with { MaxTokens = 2 })];
        DeviceChoice?[] devices = [Ptx, null];
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(devices.Length, Model, (number, options) => options with
        {
            Models = [Model.Settings with { Options = Model.Options with { Device = devices[number] } }],
        });
        int[][][] answers = await cluster.Model.GenerateAllAsync(requests);
        ModelReport report = await cluster.Model.ReportAsync();
        string silo = Assert.Single(Holders(report));
        TestModel used = Model with { Device = silo == cluster.NameOf(0) ? Ptx : null };
        Assert.Equal(await LocalReference.RunAsync(used, requests), answers);
    }

    [Fact]
    public async Task A_model_is_divided_between_a_gpu_and_a_cpu_if_every_silo_is_told_so()
    {
        TestModel exact = Model with { Mode = ComputeMode.F32 };
        GenerationRequest[] requests = [.. TestRequests.Create(2, Model.VocabularySize).Select(static request => request with { MaxTokens = 6 })];
        int[][][] expected = await LocalReference.RunAsync(exact with { Device = null }, requests);
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(2, exact, Mixed(exact, [Ptx, null]));

        // In float32 both kinds choose the same tokens; they do not compute the same bits.
        Assert.Equal(expected, await cluster.Model.GenerateAllAsync(requests));
        ModelReport report = await cluster.Model.UntilAsync(static report => Holders(report).Length == 2);
        await cluster.KillAsync(report.SchedulerSilo);
        Assert.Equal(expected, await cluster.Model.GenerateAllAsync(requests));
    }

    [Fact]
    public async Task Keys_and_values_are_computed_again_when_layers_move_to_another_kind_of_device()
    {
        TestModel exact = Model with { Mode = ComputeMode.F32 };
        GenerationRequest[] requests = TestRequests.Create(2, Model.VocabularySize, maxTokens: 12);
        int[][][] expected = await LocalReference.RunAsync(exact with { Device = null }, requests);
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(1, exact, Mixed(exact, [null, Ptx]));
        BackgroundLoad load = new(cluster.Model, requests, expected, streams: 2);
        await load.UntilAllContinueAsync();
        await cluster.AddAsync();
        await cluster.Model.UntilAsync(static report => Holders(report).Length == 2);
        await load.UntilAllContinueAsync();
        await load.StopAsync();
    }

    private static Func<int, HunyuanSiloOptions, HunyuanSiloOptions> Mixed(TestModel model, DeviceChoice?[] devices) => (number, options) => options with
    {
        Models = [model.Settings with { MixDevices = true, Options = model.Options with { Device = devices[number] } }],
    };

    private static string[] Holders(ModelReport report) =>
        [.. report.Stages.Concat(report.Groups).Select(static key => PinnedKey.Parse(key).Silo).Distinct()];
}
