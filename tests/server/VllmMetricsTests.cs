using System.Globalization;
using System.Text.RegularExpressions;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>vLLM's metrics in /metrics.</summary>
public sealed partial class VllmMetricsTests
{
    private const string Model = "{model_name=\"demo-model\"}";

    private static readonly string[] Families =
    [
        "vllm:num_requests_running gauge", "vllm:num_requests_waiting gauge", "vllm:kv_cache_usage_perc gauge", "vllm:prefix_cache_queries_total counter",
        "vllm:prefix_cache_hits_total counter", "vllm:num_preemptions_total counter", "vllm:prompt_tokens_total counter",
        "vllm:generation_tokens_total counter", "vllm:request_success_total counter", "vllm:time_to_first_token_seconds histogram",
        "vllm:inter_token_latency_seconds histogram", "vllm:e2e_request_latency_seconds histogram", "vllm:request_queue_time_seconds histogram",
        "vllm:request_prefill_time_seconds histogram", "vllm:request_decode_time_seconds histogram", "vllm:cache_config_info gauge",
        "vllm:lora_requests_info gauge", "vllm:spec_decode_num_draft_tokens_total counter", "vllm:spec_decode_num_accepted_tokens_total counter",
    ];

    [Fact]
    public async Task They_are_the_engines_statistics_and_times_under_vllms_names()
    {
        await using TestServer server = await TestServer.StartAsync(options => options.VllmMetrics = true);
        string question = Bodies.Chat(string.Concat(Enumerable.Repeat("很长的问题。", 30)), "\"max_tokens\":4,\"ignore_eos\":true");
        int tokens = 0;
        foreach (string body in new[] { question, question, Bodies.Chat("What is 3+5?") })
        {
            tokens += (await server.OkAsync(Bodies.ChatPath, body)).GetProperty("usage").GetProperty("completion_tokens").GetInt32();
        }

        EventStream stream = await server.StreamAsync(
            Bodies.CompletionPath, """{"prompt":"a","n":2,"max_tokens":5,"ignore_eos":true,"stream":true,"stream_options":{"include_usage":true}}""");
        tokens += stream.Chunks[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32();
        await server.WaitUntilIdleAsync();

        // On a machine that is busy, all tokens of an answer may arrive together, without a gap between any two.
        int more = 0;
        string text = await server.Client.GetStringAsync("/metrics");
        for (; !text.Contains("vllm:inter_token_latency_seconds_count", StringComparison.Ordinal) && more < 100; more++)
        {
            stream = await server.StreamAsync(
                Bodies.CompletionPath, """{"prompt":"a","max_tokens":200,"ignore_eos":true,"stream":true,"stream_options":{"include_usage":true}}""");
            tokens += stream.Chunks[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32();
            await server.WaitUntilIdleAsync();
            text = await server.Client.GetStringAsync("/metrics");
        }

        EngineStatistics statistics = await server.StatisticsAsync();
        Assert.Equal(Families.Order(StringComparer.Ordinal), Types().Matches(text).Select(type => type.Groups[1].Value).Order(StringComparer.Ordinal));

        Dictionary<string, double> values = text.Split('\n').Where(line => line.StartsWith("vllm:", StringComparison.Ordinal))
            .ToDictionary(line => line[..line.LastIndexOf(' ')], line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
        Assert.Equal(0, values["vllm:num_requests_running" + Model] + values["vllm:num_requests_waiting" + Model] + values["vllm:kv_cache_usage_perc" + Model]);
        Assert.Equal(tokens, values["vllm:generation_tokens_total" + Model]);
        Assert.Equal(statistics.PromptTokens, values["vllm:prompt_tokens_total" + Model]);
        Assert.Equal(statistics.PromptTokens, values["vllm:prefix_cache_queries_total" + Model]);
        Assert.Equal(statistics.CachedPromptTokens, values["vllm:prefix_cache_hits_total" + Model]);
        Assert.True(statistics.CachedPromptTokens > 0);
        Assert.Equal(statistics.DraftedTokens, values["vllm:spec_decode_num_draft_tokens_total" + Model]);
        Assert.Equal(statistics.AcceptedDraftTokens, values["vllm:spec_decode_num_accepted_tokens_total" + Model]);
        Assert.Equal(4 + more, values["vllm:request_success_total{finished_reason=\"length\",model_name=\"demo-model\"}"]);
        Assert.Equal(1, values["vllm:request_success_total{finished_reason=\"stop\",model_name=\"demo-model\"}"]);
        Assert.Equal(0, values["vllm:request_success_total{finished_reason=\"abort\",model_name=\"demo-model\"}"]);
        Assert.Equal(1, values[$"vllm:cache_config_info{{block_size=\"32\",model_name=\"demo-model\",num_gpu_blocks=\"{statistics.KvBlocks}\"}}"]);

        foreach (string name in new[] { "time_to_first_token", "e2e_request_latency", "request_queue_time", "request_prefill_time", "request_decode_time" })
        {
            Assert.Equal(5 + more, values[$"vllm:{name}_seconds_count{Model}"]);
        }

        double parts = values["vllm:request_queue_time_seconds_sum" + Model] + values["vllm:request_prefill_time_seconds_sum" + Model]
            + values["vllm:request_decode_time_seconds_sum" + Model];
        Assert.Equal(values["vllm:e2e_request_latency_seconds_sum" + Model], parts, 1e-6);

        // Tokens that arrive together with the first one have no gap.
        Assert.InRange(values["vllm:inter_token_latency_seconds_count" + Model], 0, tokens - 5 - more);
    }

    [Fact]
    public async Task They_are_absent_by_default()
    {
        await using TestServer server = await TestServer.StartAsync();
        await server.OkAsync(Bodies.ChatPath, Bodies.Chat("hi"));
        Assert.DoesNotContain("vllm", await server.Client.GetStringAsync("/metrics"), StringComparison.Ordinal);
    }

    [GeneratedRegex("^# TYPE (vllm.*)$", RegexOptions.Multiline)]
    private static partial Regex Types();
}
