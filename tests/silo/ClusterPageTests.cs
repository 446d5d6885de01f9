using System.Net.Http.Json;
using System.Net.NetworkInformation;
using System.Text.Json;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Silo.Tests.Support;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Silo.Tests;

/// <summary>Every silo of a cluster serves the API and the state of the cluster over HTTP.</summary>
public sealed class ClusterPageTests
{
    [Fact]
    public async Task Any_silo_answers_chats_and_shows_which_silo_holds_what()
    {
        await using TestSilo first = Start();
        await using TestSilo last = Start("--primary-endpoint", $"127.0.0.1:{first.SiloPort}");
        await first.SeesAsync(2);
        await last.SeesAsync(2);
        await last.ReadyAsync();

        using HttpClient http = new() { BaseAddress = new Uri($"http://127.0.0.1:{last.HttpPort}"), Timeout = Wait.Limit };
        using HttpResponseMessage answer = await http.PostAsJsonAsync("/v1/chat/completions", new
        {
            messages = new[] { new { role = "user", content = "What is the capital of France?" } }, temperature = 0,
        });
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        Assert.Contains("Paris", text, StringComparison.Ordinal);
        await Wait.UntilAsync(() => ConnectionsBetween(first, last) >= HunyuanSiloOptions.ConnectionsPerSilo);
        Assert.Contains("<html", await http.GetStringAsync("/"), StringComparison.Ordinal);

        // The silo that came last may still load its share.
        string page = await Wait.UntilAsync(() => http.GetStringAsync("/cluster"), static text => !text.Contains("\"state\":\"loading\"", StringComparison.Ordinal), "no silo loads");
        using JsonDocument cluster = JsonDocument.Parse(page);
        JsonElement[] silos = [.. cluster.RootElement.GetProperty("silos").EnumerateArray()];
        Assert.Equal(2, silos.Length);
        Assert.Single(silos, static silo => silo.GetProperty("home").GetBoolean());
        Assert.All(silos, static silo => Assert.Equal("ready", silo.GetProperty("state").GetString()));
        Assert.NotEmpty(silos.SelectMany(static silo => silo.GetProperty("layers").EnumerateArray()));
        IEnumerable<JsonElement> counts = cluster.RootElement.GetProperty("experts").GetProperty("tokens").EnumerateArray().SelectMany(static layer => layer.EnumerateArray());
        Assert.True(counts.Sum(static count => count.GetInt64()) > 0);
        Assert.Contains(silos, static silo => silo.GetProperty("weight_bytes").GetInt64() > 0);
    }

    [Fact]
    public async Task Any_silo_resets_the_prefix_cache_and_reports_vllms_metrics_and_the_progress_of_prompts()
    {
        string[] flags = ["--model", TestPaths.DemoModel, "--memory", "1GB"];
        Dictionary<string, string> settings = new() { ["HUNYUAN_Server__VllmMetrics"] = "true" };
        await using TestSilo first = TestSilo.Start(flags, settings);
        await using TestSilo last = TestSilo.Start([.. flags, "--primary-endpoint", $"127.0.0.1:{first.SiloPort}"], settings);
        await last.SeesAsync(2);
        await first.ReadyAsync();
        await last.ReadyAsync();
        foreach (TestSilo silo in new[] { first, last })
        {
            using HttpClient http = new() { BaseAddress = new Uri($"http://127.0.0.1:{silo.HttpPort}"), Timeout = Wait.Limit };
            await CachedAsync(http);
            Assert.True(await CachedAsync(http) > 0);
            using HttpResponseMessage reset = await http.PostAsync("/reset_prefix_cache", null);
            Assert.True(reset.IsSuccessStatusCode, await reset.Content.ReadAsStringAsync());
            Assert.Equal(0, await CachedAsync(http));

            string metrics = await http.GetStringAsync("/metrics");
            Assert.Contains("vllm:request_success_total{finished_reason=\"length\",model_name=\"demo-model\"} ", metrics, StringComparison.Ordinal);
            Assert.Contains("vllm:e2e_request_latency_seconds_count{model_name=\"demo-model\"} 3\n", metrics, StringComparison.Ordinal);
            Assert.Contains("vllm:cache_config_info{block_size=\"32\",", metrics, StringComparison.Ordinal);

            using HttpResponseMessage stream = await http.PostAsJsonAsync(
                "/v1/completions", new { prompt = Enumerable.Repeat(474, 100), max_tokens = 1, stream = true, return_progress = true });
            Assert.Contains("\"prompt_progress\":{\"total\":100,\"cache\":96,\"processed\":100,", await stream.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    private static async Task<int> CachedAsync(HttpClient http)
    {
        using HttpResponseMessage answer = await http.PostAsJsonAsync("/v1/completions", new { prompt = Enumerable.Repeat(474, 100), max_tokens = 1 });
        using JsonDocument json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return json.RootElement.GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32();
    }

    // Either silo may have opened them.
    private static int ConnectionsBetween(TestSilo a, TestSilo b) => IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpConnections()
        .Count(tcp => tcp.State == TcpState.Established && (tcp.LocalEndPoint.Port == a.SiloPort || tcp.LocalEndPoint.Port == b.SiloPort));

    private static TestSilo Start(params string[] flags) => TestSilo.Start(["--model", TestPaths.DemoModel, "--memory", "1GB", .. flags]);
}
