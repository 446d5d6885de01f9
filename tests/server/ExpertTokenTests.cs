using System.Net.Http.Json;
using System.Text.Json;
using HunyuanOrleans.Cuda.Operations;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Ptx.Driver;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Tests.Support;
using HunyuanOrleans.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>The tokens sent to each expert, in /cluster and in /metrics.</summary>
public sealed class ExpertTokenTests
{
    private const string Metric = "hunyuan_expert_tokens_total{";

    [Fact]
    public async Task A_processor_counts_them()
    {
        await using TestServer server = await StartAsync(null);
        Assert.NotEmpty(await TokensAsync(server));
        Assert.Contains(Metric, await server.Client.GetStringAsync("/metrics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_GPU_reports_none_rather_than_zeros()
    {
        await using TestServer server = await StartAsync(new DeviceChoice("ptx", "PTX on the CPU", "ptx", 0, static () => new CudaComputeDevice(new PtxDriver())));
        Assert.Empty(await TokensAsync(server));
        Assert.DoesNotContain(Metric, await server.Client.GetStringAsync("/metrics"), StringComparison.Ordinal);
    }

    private static async Task<TestServer> StartAsync(DeviceChoice? device)
    {
        TestServer server = await TestServer.StartEmptyAsync(services: list => list.AddLocalModel(
            new LocalModelOptions(Path.Combine(TestPaths.Data, "models", "tiny-cla"))
            {
                Loading = new ModelOptions { Threads = 1, PinThreads = false, KvTokens = 1024, MaxBatchTokens = 256, MaxLogitRows = 128, Device = device },
            }));
        await server.Services.GetRequiredService<ModelSlot>().Settled.WaitAsync(Wait.Limit);
        Assert.Null(server.Services.GetRequiredService<ModelSlot>().Failure);
        return server;
    }

    private static async Task<JsonElement[]> TokensAsync(TestServer server) =>
        [.. (await server.Client.GetFromJsonAsync<JsonElement>("/cluster")).GetProperty("experts").GetProperty("tokens").EnumerateArray()];
}
