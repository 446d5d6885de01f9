using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using HunyuanOrleans.Client;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.Silo.Tests.Support;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Silo.Tests;

/// <summary>A model whose loading takes long, on a simulated device.</summary>
public sealed class LoadingTests
{
    private const string Loaded = "GB of its weights are loaded";

    // The buffers of one load on a simulated device.
    private const long StagingBytes = 256L << 20;

    [Fact]
    public async Task Requests_get_503_with_the_progress_until_the_model_is_loaded()
    {
        using TempFolder folder = new();
        File.Copy(Path.Combine(TestPaths.Data, "configs", "hunyuan-large.json"), folder.File("config.json"));
        // 777 GB at 25 GB/s take longer than the deadline of a step, and than the checks below need on a busy machine.
        await using TestSilo silo = TestSilo.Start(
            "--name", "loader", "--step-deadline", "6", "--model", folder.Root, "--model-name", "large", "--device", "simulated:4TB,148e12,25GB", "--memory", "900GB", "--kv-tokens", "1024");
        await silo.WaitAsync("/health/ready", HttpStatusCode.ServiceUnavailable, Loaded);
        using HttpClient http = new() { BaseAddress = new Uri($"http://127.0.0.1:{silo.HttpPort}"), Timeout = Wait.Limit };
        await using HunyuanClient client = await HunyuanClient.ConnectAsync(options => options.Gateways.Add($"127.0.0.1:{silo.GatewayPort}"));
        await using ClusterGenerator generator = await ClusterGenerator.CreateAsync(client);
        IGeneration waiting = await generator.SubmitAsync(new GenerationRequest { PromptIds = new[] { 1, 2, 3 }, MaxTokens = 4, IgnoreEos = true }, default);
        using HttpResponseMessage early = await AskAsync(http);
        string refusal = await early.Content.ReadAsStringAsync();
        Assert.True(early.StatusCode == HttpStatusCode.ServiceUnavailable, refusal);
        Assert.InRange(early.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 120);
        JsonElement error = JsonDocument.Parse(refusal).RootElement.GetProperty("error");
        Assert.Equal("model_not_ready", error.GetProperty("code").GetString());
        Assert.Contains(Loaded, error.GetProperty("message").GetString(), StringComparison.Ordinal);
        using HttpResponseMessage health = await http.GetAsync("/health/ready");
        JsonElement progress = JsonDocument.Parse(await health.Content.ReadAsStringAsync()).RootElement.GetProperty("loading");
        Assert.InRange(progress.GetProperty("bytes_left").GetInt64(), 1, progress.GetProperty("total_bytes").GetInt64());
        Assert.NotNull(health.Headers.RetryAfter);
        using JsonDocument cluster = JsonDocument.Parse(await http.GetStringAsync("/cluster"));
        Assert.True(cluster.RootElement.GetProperty("model").GetProperty("loading").GetProperty("bytes_left").GetInt64() > 0);
        Assert.Matches("\nhunyuan_load_left_bytes [1-9]", await http.GetStringAsync("/metrics"));
        Assert.Matches("\nhunyuan_server_ready 0\n", await http.GetStringAsync("/metrics"));

        await silo.ReadyAsync();
        using HttpResponseMessage answer = await AskAsync(http);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());

        // A request through the cluster's client was accepted before, and waited for the end of loading.
        ChoiceResult waited = await waiting.Choices[0].Completion.WaitAsync(Wait.Limit);
        Assert.Equal((FinishReason.Length, null), (waited.Finish, waited.Error));

        ModelConfig config = ModelConfig.Load(folder.Root);
        WeightSizes sizes = new(config, WeightTypes.Of(config, new ModelOptions().Mode, null));
        SiloReport report = await client.Cluster.GetGrain<ISiloGrain>(PinnedKey.OfSilo("loader").ToString()).ReportAsync();
        DeviceReport device = Assert.Single(report.Models).Device!;
        Assert.Equal((sizes.Packed, 0, 0), (device.LoadedBytes, device.LoadingBytesLeft, device.LoadSecondsLeft));
        Assert.InRange(device.PeakBytes, device.UsedBytes, device.UsedBytes + (4 * StagingBytes));
    }

    private static Task<HttpResponseMessage> AskAsync(HttpClient http) =>
        http.PostAsJsonAsync("/v1/completions", new { prompt = (int[])[1, 2, 3], max_tokens = 4, ignore_eos = true });
}
