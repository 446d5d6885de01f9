using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Telemetry;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Simulation;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using Xunit.Abstractions;

namespace HunyuanOrleans.Cluster.Tests.Steps;

/// <summary>
/// What the rows of Hunyuan-Large (12,800 bytes each, 64 layers) cost in managed memory on a cluster whose experts are all on a silo of their own. Devices are
/// simulated; grains, messages and connections are real.
/// </summary>
public sealed class RowAllocationTests(ITestOutputHelper output)
{
    private const int Requests = 96, Tokens = 16, Runs = 2;

    private const long Memory = 1L << 40;

    // An array for each row that is sent and one for each that arrives would be 2, beside everything else that a call costs.
    private const double BytesPerRowByte = 0.25;

    [SkippableFact]
    public async Task Rows_between_silos_travel_in_memory_that_is_used_again()
    {
#if DEBUG
        Skip.If(true, "Unoptimised code allocates its state machines.");
#endif
        TestModel model = new(TestModel.Large, ComputeMode.Bf16)
        {
            Simulation = new SimulationOptions { Hardware = DeviceCatalog.Get("h20").Simulated(Memory), TimeScale = 0.001 },
        };
        GenerationRequest[] requests =
            [.. TestRequests.Create(Requests, model.VocabularySize, Tokens).Select(static request => request with { PromptIds = request.PromptIds[..3] })];
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(3, model, static (number, options) => options with
        {
            MinSilos = 3,
            Capacity = SiloCapacity.FromDevice(options.Capacity.Name, DeviceCatalog.Get("h20"), memoryBytes: Memory) with
            {
                Role = number == 2 ? SiloRole.Experts : SiloRole.Attention,
            },
        });
        int[][][] expected = await cluster.Model.GenerateAllAsync(requests);
        double least = double.MaxValue;
        for (int run = 0; run < Runs; run++)
        {
            (long calls, long bytes, long allocated) = await RunAsync(cluster, requests, expected);
            output.WriteLine(
                $"{calls} calls with {bytes / calls} bytes of rows there and back; allocated: {allocated / (Requests * Tokens)} bytes for each token, {allocated / calls} for each call, {(double)allocated / bytes:0.000} for each byte of rows");
            least = Math.Min(least, (double)allocated / bytes);
        }

        Assert.InRange(least, 0, BytesPerRowByte);

        // The runtime's events cost memory too, so they are counted in a run of their own.
        using LargeObjects large = new();
        (long pieces, long given) = (RowPool.Shared.Allocated, RowPool.Shared.Given);
        (long seen, _, _) = await RunAsync(cluster, requests, expected);
        (pieces, given) = (RowPool.Shared.Allocated - pieces, RowPool.Shared.Given - given);
        output.WriteLine($"{seen} calls: {large.Arrays} large arrays, {pieces} pieces of the pool allocated, {given} given back");
        Assert.InRange(large.Arrays, 0, seen / 10);
        Assert.InRange(pieces, 0, seen / 10);
        Assert.InRange(given, 4 * seen, long.MaxValue);
    }

    private static async Task<(long Calls, long Bytes, long Allocated)> RunAsync(HunyuanCluster cluster, GenerationRequest[] requests, int[][][] expected)
    {
        TrafficReport[] before = Sent(cluster);
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        int[][][] answers = await cluster.Model.GenerateAllAsync(requests);
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        TrafficReport[] after = Sent(cluster);
        Assert.Equal(expected, answers);
        return (Calls(after) - Calls(before), Bytes(after) - Bytes(before), allocated);
    }

    private static TrafficReport[] Sent(HunyuanCluster cluster) =>
        [.. cluster.Silos.Silos.Select(silo => cluster.Silos.ServicesOf(silo).GetRequiredService<SentTraffic>().Report())];

    private static long Calls(TrafficReport[] reports) => reports.Sum(static report => report.ExpertCalls + report.Steps);

    private static long Bytes(TrafficReport[] reports) => reports.Sum(static report => report.ExpertBytes + report.StepBytes);
}
