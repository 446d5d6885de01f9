using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>The verbs serve and load, and the README's examples of requests.</summary>
public sealed class ServeTests
{
    [Fact]
    public async Task It_prints_its_address_answers_and_ends_at_an_interrupt()
    {
        using Serving serving = await Serving.StartAsync();
        Assert.StartsWith("Serving demo-model on http://127.0.0.1:", serving.Greeting, StringComparison.Ordinal);
        using HttpClient client = new();
        using HttpResponseMessage answer = await client.PostAsync(
            $"{serving.Url}/v1/chat/completions",
            new StringContent("""{"messages":[{"role":"user","content":"What is the capital of France?"}]}""", Encoding.UTF8, "application/json"));
        Assert.Contains("The capital of France is Paris.", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        CliProcess.Interrupt(serving.Process);
        await serving.Process.WaitForExitAsync().WaitAsync(Wait.Limit);
        Assert.Equal(0, serving.Process.ExitCode);
    }

    [Fact]
    public async Task It_answers_requests_of_every_api()
    {
        (string Path, string Body)[] requests =
        [
            ("/v1/chat/completions", """{"messages":[{"role":"user","content":"a"}],"max_tokens":2,"reasoning_effort":"none","chat_template_kwargs":{"a":1}}"""),
            ("/v1/chat/completions", """{"messages":[{"role":"user","content":"a"}],"max_tokens":90,"tool_choice":"required","tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"a":{"type":"boolean"}}}}}]}"""),
            ("/v1/completions", """{"prompt":["a","b"],"max_tokens":1,"echo":true,"logprobs":1,"structured_outputs":{"regex":"[a-z]"}}"""),
            ("/v1/responses", """{"input":"a","max_output_tokens":90,"tools":[{"type":"function","name":"f","parameters":{"type":"object"}}],"tool_choice":"required","reasoning":{"effort":"none"}}"""),
            ("/v1/messages", """{"max_tokens":90,"system":"s","messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{"a":1}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"r"}]}],"tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"any"}}"""),
            ("/v1/messages/count_tokens", """{"messages":[{"role":"user","content":"a"}]}"""),
            ("/api/chat", """{"messages":[{"role":"user","content":"a"}],"think":false,"format":{"type":"object"},"options":{"num_predict":9,"stop":["x"]},"tools":[]}"""),
            ("/api/generate", """{"prompt":"a","system":"s","raw":false,"options":{"num_predict":2}}"""),
            ("/api/show", """{"model":"demo-model"}"""),
            ("/tokenize", """{"messages":[{"role":"user","content":"a"}]}"""),
        ];
        using Serving serving = await Serving.StartAsync();
        using HttpClient client = new();
        foreach ((string path, string body) in requests)
        {
            using HttpResponseMessage answer = await client.PostAsync(serving.Url + path, new StringContent(body, Encoding.UTF8, "application/json"));
            Assert.True(answer.IsSuccessStatusCode, $"{path}: {await answer.Content.ReadAsStringAsync()}");
        }
    }

    [Fact]
    public async Task A_port_in_use_is_reported_in_one_line()
    {
        using Serving serving = await Serving.StartAsync();
        CliProcess.Run("serve", "--port", new Uri(serving.Url).Port.ToString(System.Globalization.CultureInfo.InvariantCulture))
            .FailedWith(1, "address already in use");
    }

    [Fact]
    public async Task The_greetings_example_gives_an_answer()
    {
        using Serving serving = await Serving.StartAsync();
        string example = serving.Greeting[serving.Greeting.IndexOf("curl", StringComparison.Ordinal)..serving.Greeting.IndexOf("Ctrl-C", StringComparison.Ordinal)];
        Assert.Contains("Paris", await ShellAsync(example), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_readmes_curl_line_gives_an_answer()
    {
        using Serving serving = await Serving.StartAsync();
        string readme = await File.ReadAllTextAsync(Path.Combine(TestPaths.Root, "README.md"));
        string example = Regex.Match(readme, @"^    \$ (curl .*(?:\n      .*)*)", RegexOptions.Multiline).Groups[1].Value;
        Assert.Contains("/v1/chat/completions", example, StringComparison.Ordinal);
        Assert.Contains(
            "巴黎", await ShellAsync(example.Replace("http://127.0.0.1:8020", serving.Url, StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Load_measures_a_server()
    {
        using Serving serving = await Serving.StartAsync();
        CliResult result = CliProcess.Run(
            "load", "--url", serving.Url + "/v1", "--requests", "12", "--concurrency", "4", "--rate", "200", "--prompt-len", "5", "--gen-len", "7", "--json");
        JsonElement json = result.Json();
        Assert.Equal((12, 12), (json.GetProperty("requests").GetInt32(), json.GetProperty("succeeded").GetInt32()));
        Assert.Equal(12 * 7, json.GetProperty("answer_tokens").GetInt32());
        Assert.Empty(json.GetProperty("errors").EnumerateObject());
        foreach (string field in new[] { "time_to_first_token", "time_per_token", "total" })
        {
            JsonElement spread = json.GetProperty(field);
            double[] values = [.. new[] { "p50", "p90", "p95", "p99", "max" }.Select(p => spread.GetProperty(p).GetDouble())];
            Assert.Equal(values.Order(), values);
            Assert.True(values[0] > 0);
        }
    }

    [Fact]
    public async Task Load_prints_the_table_and_counts_good_requests()
    {
        using Serving serving = await Serving.StartAsync();
        string[] line =
        [
            "load", "--url", serving.Url, "--num-prompts", "4", "--max-concurrency", "2", "--request-rate", "500", "--prompt-len", "5", "--gen-len", "3",
            "--goodput", "ttft:1000000", "e2el:1000000",
        ];
        CliResult table = CliProcess.Run(line);
        Assert.Equal(0, table.Code);
        Assert.Contains("Successful requests:                     4\n", table.Output, StringComparison.Ordinal);
        Assert.Contains("Total generated tokens:                  12\n", table.Output, StringComparison.Ordinal);
        Assert.Contains("Request rate configured (RPS):           500.00\n", table.Output, StringComparison.Ordinal);
        Assert.Contains("Request goodput (req/s):", table.Output, StringComparison.Ordinal);

        JsonElement json = CliProcess.Run([.. line, "tpot:0.000001", "--json"]).Json();
        Assert.Equal((500, 2), (json.GetProperty("request_rate").GetDouble(), json.GetProperty("max_concurrency").GetInt32()));
        Assert.InRange(json.GetProperty("peak_concurrency").GetInt32(), 1, 2);
        Assert.Equal(0, json.GetProperty("goodput").GetProperty("requests").GetInt32());
        Assert.True(json.GetProperty("total_tokens_per_second").GetDouble() > json.GetProperty("tokens_per_second").GetDouble());
    }

    [Fact]
    public async Task Load_counts_errors_by_kind()
    {
        using Serving serving = await Serving.StartAsync();
        CliResult result = CliProcess.Run("load", "--url", serving.Url, "--served-model-name", "other", "--requests", "3", "--json");
        Assert.Equal(1, result.Code);
        Assert.Equal("""{"HTTP 404":3}""", JsonDocument.Parse(result.Output).RootElement.GetProperty("errors").GetRawText());
    }

    [Fact]
    public void Wrong_settings_are_reported_in_one_line()
    {
        CliProcess.Run("serve", "--host", "0.0.0.0").FailedWith(1, "Host is '0.0.0.0'", "AllowAnonymous");
        CliProcess.Run("serve", "--port", "70000").FailedWith(2, "--port", "65535");
        CliProcess.Run("serve", "--port", "0", "--api-key-file", "/nowhere/keys").FailedWith(1, "/nowhere/keys");
        CliProcess.Run(["serve", "--port", "0"], "", new Dictionary<string, string> { ["HUNYUAN_Server__MaxChoices"] = "1000" })
            .FailedWith(1, "MaxChoices is 1000");
        CliProcess.Run("load", "--url", "ftp://x").FailedWith(2, "ftp://x");
    }

    private static async Task<string> ShellAsync(string command)
    {
        using Process bash = Process.Start(new ProcessStartInfo("bash", ["-c", command]) { RedirectStandardOutput = true, StandardOutputEncoding = new UTF8Encoding(false) })!;
        string output = await bash.StandardOutput.ReadToEndAsync();
        await bash.WaitForExitAsync();
        return output;
    }
}
