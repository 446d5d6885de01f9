using HunyuanOrleans.Server.Tests.Support;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>What reaches an OpenTelemetry collector.</summary>
public sealed class TelemetryTests
{
    [Fact]
    public async Task A_collector_gets_metrics_and_traces_at_the_end_at_the_latest()
    {
        await using Collector collector = await Collector.StartAsync();
        TestServer server = await TestServer.StartAsync(options => options.OtlpEndpoint = collector.Address);
        await server.OkAsync(Bodies.ChatPath, Bodies.Chat("What is 3+5?"));

        // Asks the engine at once, which else happens every few seconds.
        await server.Client.GetStringAsync("/metrics");
        await server.DisposeAsync();
        string metrics = collector.Received("MetricsService/Export");
        foreach (string name in new[]
        {
            "gen_ai.server.request.duration", "gen_ai.server.time_to_first_token", "gen_ai.server.time_per_output_token", "gen_ai.client.token.usage",
            "hunyuan.kv.blocks", "hunyuan-server", "demo-model",
        })
        {
            Assert.True(metrics.Contains(name, StringComparison.Ordinal), $"No {name} in {metrics.Length} bytes of metrics.");
        }

        string traces = collector.Received("TraceService/Export");
        Assert.Contains("chat demo-model", traces, StringComparison.Ordinal);
        Assert.Contains("gen_ai.usage.output_tokens", traces, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_collector_that_is_gone_holds_nothing_up()
    {
        Collector collector = await Collector.StartAsync();
        string address = collector.Address;
        await collector.DisposeAsync();
        TestServer server = await TestServer.StartAsync(options => options.OtlpEndpoint = address);
        await server.OkAsync(Bodies.ChatPath, Bodies.Chat("What is 3+5?"));
        await server.DisposeAsync().AsTask().WaitAsync(Wait.Limit);
    }
}
