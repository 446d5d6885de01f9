using HunyuanOrleans.Server.Cluster;
using HunyuanOrleans.Server.Tests.Support;
using HunyuanOrleans.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>What an OpenTelemetry collector receives.</summary>
public sealed class TelemetryTests
{
    private const string Question = "What is 3+5?";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_collector_receives_everything_by_the_time_the_server_has_stopped(bool logs)
    {
        await using OtlpCollector collector = await OtlpCollector.StartAsync();
        await using TestServer server = await TestServer.StartAsync(settings: Settings(collector.Address, logs));
        await server.OkAsync(Bodies.ChatPath, Bodies.Chat(Question));

        // Refreshes the engine's metrics now instead of at the next interval.
        await server.Client.GetStringAsync("/metrics");
        await server.StopAsync();
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
        string records = collector.Received("LogsService/Export");
        Assert.Equal(logs, records.Contains("answer tokens: ok", StringComparison.Ordinal));
        Assert.DoesNotContain(Question, records, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_collector_may_be_set_in_code()
    {
        await using OtlpCollector collector = await OtlpCollector.StartAsync();
        await using TestServer server = await TestServer.StartEmptyAsync(options => (options.OtlpEndpoint, options.OtlpLogs) = (collector.Address, true));
        await server.StopAsync();
        Assert.Contains("hunyuan-server", collector.Received("MetricsService/Export"), StringComparison.Ordinal);
        Assert.Contains("hunyuan-server", collector.Received("LogsService/Export"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_collector_that_is_gone_does_not_delay_the_stop()
    {
        OtlpCollector collector = await OtlpCollector.StartAsync();
        string address = collector.Address;
        await collector.DisposeAsync();
        TestServer server = await TestServer.StartAsync(settings: Settings(address, logs: true));
        await server.OkAsync(Bodies.ChatPath, Bodies.Chat(Question));
        await server.DisposeAsync().AsTask().WaitAsync(Wait.Limit);
    }

    [Fact]
    public async Task Every_expert_of_every_layer_has_its_own_series()
    {
        const int layers = 32, experts = 64;
        await using OtlpCollector collector = await OtlpCollector.StartAsync();
        List<Metric> exported = [];
        TestServer server = await TestServer.StartEmptyAsync(
            services: list =>
            {
                list.AddSingleton<IClusterOverview>(new UniformExperts(layers, experts));
                list.AddOpenTelemetry().WithMetrics(metrics => metrics.AddInMemoryExporter(exported));
            },
            settings: Settings(collector.Address, logs: false));
        await server.Client.GetStringAsync("/metrics");
        Assert.True(server.Services.GetRequiredService<MeterProvider>().ForceFlush());
        HashSet<(object?, object?)> series = [];
        foreach (ref readonly MetricPoint point in exported.Last(metric => metric.Name == "hunyuan.expert.tokens").GetMetricPoints())
        {
            Dictionary<string, object?> tags = [];
            foreach ((string key, object? value) in point.Tags)
            {
                tags[key] = value;
            }

            series.Add((tags["layer"], tags["expert"]));
        }

        Assert.Equal(layers * experts, series.Count);
        await server.DisposeAsync();
        string received = collector.Received("MetricsService/Export");
        Assert.Contains("hunyuan.expert.tokens", received, StringComparison.Ordinal);
        Assert.DoesNotContain("otel.metric.overflow", received, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cluster_that_cannot_be_read_does_not_end_the_server()
    {
        await using OtlpCollector collector = await OtlpCollector.StartAsync();
        BrokenCluster cluster = new();
        await using TestServer server = await TestServer.StartEmptyAsync(
            services: list => list.AddSingleton<IClusterOverview>(cluster), settings: Settings(collector.Address, logs: false));

        // The second reading shows that the first one ended nothing.
        await Wait.UntilAsync(() => cluster.Readings >= 2);
        Assert.Equal("OK", (await server.Client.GetAsync("/health/live")).StatusCode.ToString());
    }

    private static Dictionary<string, string?> Settings(string endpoint, bool logs) =>
        new() { ["Server:OtlpEndpoint"] = endpoint, ["Server:OtlpLogs"] = logs.ToString() };

    private sealed class BrokenCluster : IClusterOverview
    {
        private int _readings;

        public int Readings => Volatile.Read(ref _readings);

        public ValueTask<ClusterOverview?> ReadAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _readings);
            throw new InvalidDataException("The cluster cannot be read.");
        }
    }

    private sealed class UniformExperts(int layers, int experts) : IClusterOverview
    {
        public ValueTask<ClusterOverview?> ReadAsync(CancellationToken cancellationToken) =>
            ValueTask.FromResult<ClusterOverview?>(new ClusterOverview(layers, experts, [.. Enumerable.Repeat(7L, layers * experts)], []));
    }
}
