using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.Model.Simulation;
using Orleans.Configuration;
using Orleans.Hosting;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>Steps on simulated devices that are slower than a call may be.</summary>
public sealed class LongStepTests
{
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task A_step_may_take_longer_than_a_call()
    {
        TestModel model = new("tiny-cla");

        // Reading all weights once takes several times the response timeout.
        double bandwidth = new WeightSizes(model.Config, WeightTypes.Of(model.Config, model.Mode, model.Quant)).Packed / (4 * ResponseTimeout.TotalSeconds);
        SimulationOptions simulation = new() { Hardware = new SimulatedHardware(1L << 32, bandwidth, 1e15, 1e15, 1e15, 1e9) };
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(
            2,
            model,
            (_, options) => options with
            {
                Models = [model.Settings with { Simulation = simulation }],

                // They are shorter than the response timeout.
                ExpertCallTimeout = 0.9 * ResponseTimeout,
                SlowestNetwork = 100e6,
            },
            new ClusterSetup { ConfigureSilo = (_, silo) => silo.Configure<SiloMessagingOptions>(static o => o.ResponseTimeout = ResponseTimeout) });
        GenerationRequest request = TestRequests.Create(1, model.VocabularySize, 1)[0];
        Assert.Single((await cluster.Model.GenerateAsync(request))[0]);
        ModelReport report = await cluster.Model.ReportAsync();
        Assert.Equal(0, report.Retries);
        SiloReport[] silos = await Task.WhenAll(report.Silos.Select(silo => cluster.Silos.Client.GetGrain<ISiloGrain>(PinnedKey.OfSilo(silo).ToString()).ReportAsync()));
        Assert.True(silos.Sum(static silo => silo.Models[0].Device!.BusySeconds) > ResponseTimeout.TotalSeconds);
    }
}
