using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Tests.Support;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>GET /metrics.</summary>
public sealed partial class MetricsTests
{
    [Fact]
    public async Task Requests_are_counted_under_the_conventions_names()
    {
        await using TestServer server = await TestServer.StartAsync();
        int prompt = 0, written = 0;
        for (int i = 0; i < 3; i++)
        {
            System.Text.Json.JsonElement usage = (await server.OkAsync(Bodies.ChatPath, Bodies.Chat("What is 3+5?"))).GetProperty("usage");
            prompt += usage.GetProperty("prompt_tokens").GetInt32();
            written += usage.GetProperty("completion_tokens").GetInt32();
        }

        await server.OkAsync(Bodies.CompletionPath, """{"prompt":"a","max_tokens":2}""");
        await server.PostAsync(Bodies.CompletionPath, """{"prompt":"a","max_tokens":9999}""");
        await server.WaitUntilIdleAsync();
        Dictionary<string, double> values = await ReadAsync(server, samples => samples.Any(s => s.Key.Contains("error_type", StringComparison.Ordinal)));
        const string chat = "gen_ai_operation_name=\"chat\",gen_ai_provider_name=\"hunyuan_orleans\",gen_ai_request_model=\"demo-model\",gen_ai_response_model=\"demo-model\"";
        Assert.Equal(3, values[$"gen_ai_server_request_duration_seconds_count{{{chat}}}"]);
        Assert.Equal(3, values[$"gen_ai_server_request_duration_seconds_bucket{{{chat},le=\"+Inf\"}}"]);
        Assert.Equal(3, values[$"gen_ai_server_time_to_first_token_seconds_count{{{chat}}}"]);
        Assert.Equal(3, values[$"gen_ai_server_time_per_output_token_seconds_count{{{chat}}}"]);
        Assert.Equal(prompt, values[$"gen_ai_client_token_usage_sum{{{chat},gen_ai_token_type=\"input\"}}"]);
        Assert.Equal(written, values[$"gen_ai_client_token_usage_sum{{{chat},gen_ai_token_type=\"output\"}}"]);
        Assert.Equal(1, values.Single(v => v.Key.StartsWith("gen_ai_server_request_duration_seconds_count{error_type=\"context_length_exceeded\"", StringComparison.Ordinal)).Value);
        Assert.True(values["gen_ai_server_time_to_first_token_seconds_sum{" + chat + "}"] < values["gen_ai_server_request_duration_seconds_sum{" + chat + "}"]);
    }

    [Fact]
    public async Task The_engines_statistics_are_reported()
    {
        await using TestServer server = await TestServer.StartAsync();
        _ = await server.OkAsync(Bodies.ChatPath, Bodies.Chat(string.Concat(Enumerable.Repeat("很长的问题。", 20)), "\"max_tokens\":2"));
        await server.WaitUntilIdleAsync();
        Dictionary<string, double> values = await ReadAsync(server, _ => true);
        EngineStatistics statistics = await server.StatisticsAsync();
        Assert.Equal(0, values["hunyuan_engine_waiting"]);
        Assert.Equal(0, values["hunyuan_engine_running"]);
        Assert.Equal(0, values["hunyuan_kv_blocks{state=\"used\"}"]);
        Assert.True(values["hunyuan_kv_blocks{state=\"cached\"}"] > 0);
        Assert.Equal(
            statistics.KvBlocks,
            values["hunyuan_kv_blocks{state=\"used\"}"] + values["hunyuan_kv_blocks{state=\"cached\"}"] + values["hunyuan_kv_blocks{state=\"free\"}"]);
        Assert.Equal(statistics.PromptTokens, values["hunyuan_engine_prompt_tokens_total"]);
        Assert.Equal(statistics.AnswerTokens, values["hunyuan_engine_answer_tokens_total"]);
        Assert.Equal(statistics.Steps, values["hunyuan_engine_steps_total"]);
        Assert.Equal(statistics.DraftedTokens, values["hunyuan_engine_drafted_tokens_total"]);
        Assert.Equal(statistics.AcceptedDraftTokens, values["hunyuan_engine_accepted_draft_tokens_total"]);
        Assert.Equal((0, 0), (values["hunyuan_engine_mtp_drafted_tokens_total"], values["hunyuan_engine_accepted_mtp_tokens_total"]));
        Assert.Equal(1, values["hunyuan_engine_answers_total{outcome=\"finished\"}"]);
        Assert.Contains("hunyuan_engine_preemptions_total", values.Keys);
        Assert.Contains("hunyuan_engine_cached_prompt_tokens_total", values.Keys);
        Assert.Equal(1, values["hunyuan_server_ready"]);
    }

    [Fact]
    public async Task The_format_is_valid()
    {
        await using TestServer server = await TestServer.StartAsync();
        _ = await server.OkAsync(Bodies.ChatPath, Bodies.Chat("What is 3+5?"));
        using HttpResponseMessage response = await server.Client.GetAsync("/metrics");
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        string text = await response.Content.ReadAsStringAsync();
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        HashSet<string> families = [], samples = [];
        string family = "";
        foreach (string line in text.TrimEnd('\n').Split('\n'))
        {
            if (line.StartsWith("# HELP ", StringComparison.Ordinal))
            {
                family = line.Split(' ')[2];
                Assert.True(families.Add(family), family);
            }
            else if (!line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                Match sample = Sample().Match(line);
                Assert.True(sample.Success, line);
                Assert.StartsWith(family, line, StringComparison.Ordinal);
                Assert.True(samples.Add(sample.Groups[1].Value), line);
            }
        }
    }

    [SkippableFact]
    public async Task Promtool_accepts_the_metrics()
    {
        await using TestServer server = await TestServer.StartAsync();
        _ = await server.OkAsync(Bodies.ChatPath, Bodies.Chat("What is 3+5?"));
        Process? promtool = null;
        try
        {
            promtool = Process.Start(new ProcessStartInfo("promtool", "check metrics")
            {
                RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
            });
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Skip.If(true, "promtool is not installed.");
        }

        string text = await server.Client.GetStringAsync("/metrics");
        // This server does not choose the names of the runtime's metrics.
        string own = string.Join('\n', text.Split('\n').Where(line => OwnMetric().IsMatch(line))) + "\n";
        await promtool!.StandardInput.WriteAsync(own);
        promtool.StandardInput.Close();
        Task<string> output = promtool.StandardOutput.ReadToEndAsync(), error = promtool.StandardError.ReadToEndAsync();
        await promtool.WaitForExitAsync();
        Assert.Equal("", await output + await error);
        Assert.Equal(0, promtool.ExitCode);
    }

    private static async Task<Dictionary<string, double>> ReadAsync(TestServer server, Func<Dictionary<string, double>, bool> until)
    {
        // A request is recorded when it ends, a moment after its response was sent.
        return await Wait.UntilAsync(
            async () =>
            {
                string text = await server.Client.GetStringAsync("/metrics");
                return text.Split('\n').Where(line => line.Length > 0 && line[0] != '#')
                    .Select(line => Sample().Match(line)).ToDictionary(m => m.Groups[1].Value, m => double.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture));
            },
            until);
    }

    [GeneratedRegex("^([a-zA-Z_:][a-zA-Z0-9_:]*(?:\\{(?:[a-zA-Z_][a-zA-Z0-9_]*=\"(?:[^\"\\\\\n]|\\\\[\\\\\"n])*\",?)*\\})?) (-?[0-9.E+-]+|\\+Inf|-Inf|NaN)$")]
    private static partial Regex Sample();

    [GeneratedRegex("^(# (HELP|TYPE) )?(hunyuan|gen_ai|http|kestrel)_")]
    private static partial Regex OwnMetric();
}
