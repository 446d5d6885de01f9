using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Silo.Tests.Support;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Silo.Tests;

/// <summary>Silo processes serve adapters: those of their command lines, and those that administrators load over HTTP.</summary>
public sealed class AdapterTests : IDisposable
{
    private const string Admin = "sk-admin-0123456789", User = "sk-user-0123456789";

    private const int Length = 700;

    private static readonly int[] Prompt = [4338, 474, 449, 1112, 984];

    private static readonly string[] Targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

    private static readonly Dictionary<string, string> Keys = new()
    {
        ["HUNYUAN_Server__Keys__0__Name"] = "admin", ["HUNYUAN_Server__Keys__0__Sha256"] = Hash(Admin), ["HUNYUAN_Server__Keys__0__Administrator"] = "true",
        ["HUNYUAN_Server__Keys__1__Name"] = "user", ["HUNYUAN_Server__Keys__1__Sha256"] = Hash(User),
    };

    private readonly TempFolder _folders = new();

    [Fact]
    public async Task Eight_adapters_and_the_bare_model_answer_together_while_a_silo_is_killed()
    {
        string[] names = [.. Enumerable.Range(0, 8).Select(static i => $"a{i}")];
        string[] given = [.. names.Take(7).SelectMany(name => new[] { "--lora", $"{name}={Folder(name)}" })];
        await using TestSilo first = Start("first", given);
        await first.SeesAsync(1);
        await using TestSilo second = Start("second", ["--lora-memory", "200MB", "--primary-endpoint", $"127.0.0.1:{first.SiloPort}"]);
        await using TestSilo third = Start("third", ["--lora-memory", "200MB", "--primary-endpoint", $"127.0.0.1:{first.SiloPort}"]);
        await Task.WhenAll(new[] { first, second, third }.Select(static silo => silo.SeesAsync(3)));
        await Task.WhenAll(new[] { first, second, third }.Select(static silo => silo.ReadyAsync()));

        // The silo that is asked to load the last one is the one that dies.
        Assert.Equal((HttpStatusCode.OK, "Success: LoRA adapter 'a7' added successfully."), await LoadAsync(second, "a7", Folder("a7"), Admin));
        string[] models = ["demo-model", .. names];
        Assert.Equal(models, await ListAsync(third));
        string[] expected = [.. await Task.WhenAll(models.Select(ExpectAsync))];
        Assert.Equal(models.Length, expected.Distinct().Count());
        Task<string>[] answers = [.. models.Select((name, i) => AskAsync(i % 2 == 0 ? first : third, name, Length))];
        await Wait.UntilAsync(() => StateAsync(first), static state => state.Running >= 9 && state.Tokens >= 90, "all answers are written");
        second.Kill();
        Assert.Equal(expected, await Task.WhenAll(answers));

        // It comes back with nothing but memory for adapters, and learns of all of them.
        await using TestSilo again = Start("second", ["--lora-memory", "200MB", "--primary-endpoint", $"127.0.0.1:{first.SiloPort}"]);
        await again.ReadyAsync();
        await Wait.UntilAsync(() => ListAsync(again), listed => listed.Length == models.Length, "all adapters are listed");
        Assert.Equal(expected[8][..40], (await AskAsync(again, "a7", Length))[..40]);
        Assert.Equal(HttpStatusCode.Forbidden, (await UnloadAsync(again, "a7", User)).Status);
        Assert.Equal(HttpStatusCode.OK, (await UnloadAsync(again, "a7", Admin)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await UnloadAsync(third, "a7", Admin)).Status);
        Assert.Equal(models[..^1], await ListAsync(third));
    }

    [Fact]
    public async Task Adapters_that_cannot_be_used_are_refused()
    {
        string good = Folder("good");
        foreach ((string[] flags, string problem) in new (string[], string)[]
        {
            (["--lora", "a=/does/not/exist"], "there is no such folder"),
            (["--lora", $"demo-model={good}"], "named 'demo-model' like a model"),
            (["--lora", $"a={good}", "--device", "simulated:h20"], "A simulated device computes no adapters"),
            (["--lora", $"a={good}", "--memory", "100MB", "--lora-memory", "100MB"], "less than the memory"),
        })
        {
            await using TestSilo wrong = Start("wrong", flags);
            Assert.NotEqual(0, await wrong.ExitAsync());
            Assert.Contains(problem, wrong.Output, StringComparison.Ordinal);
        }

        await using TestSilo first = Start("first", []);
        await first.ReadyAsync();
        (HttpStatusCode status, string text) = await LoadAsync(first, "a", good, Admin);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("Silo first: The silo was started without memory for adapters; allowed: --lora-memory.", text, StringComparison.Ordinal);
    }

    public void Dispose() => _folders.Dispose();

    private static TestSilo Start(string name, string[] flags) => TestSilo.Start(
        ["--name", name, "--model", TestPaths.DemoModel, "--memory", "1GB", "--kv-tokens", "8192", "--threads", "1", "--pin-threads", "false", .. flags], Keys);

    private string Folder(string name)
    {
        string folder = _folders.File(name);
        if (!Directory.Exists(folder))
        {
            RandomAdapter.Write(folder, ModelConfig.Load(TestPaths.DemoModel), 4, Targets, name[0] + (256 * name[1]));

            // So much stronger that each changes the answer.
            string config = Path.Combine(folder, "adapter_config.json"), text = File.ReadAllText(config);
            Assert.Contains("\"lora_alpha\": 8", text, StringComparison.Ordinal);
            File.WriteAllText(config, text.Replace("\"lora_alpha\": 8", "\"lora_alpha\": 80", StringComparison.Ordinal));
        }

        return folder;
    }

    // The answer of one process.
    private async Task<string> ExpectAsync(string model)
    {
        string[] adapter = model == "demo-model" ? [] : ["--lora", Folder(model)];
        (int exitCode, string output) = await TestCommand.RunAsync(
            ["generate", "--model", TestPaths.DemoModel, "--ids", string.Join(',', Prompt), "--greedy", "--ignore-eos", "--max-tokens", $"{Length}", "--threads", "1", "--json", .. adapter]);
        Assert.True(exitCode == 0, output);
        return JsonDocument.Parse(output.Split('\n').First(static line => line.StartsWith('{'))).RootElement.GetProperty("text").GetString()!;
    }

    private static async Task<string> AskAsync(TestSilo silo, string model, int length)
    {
        using HttpClient http = Http(silo, User);
        using HttpResponseMessage answer = await http.PostAsJsonAsync("/v1/completions", new { model, prompt = Prompt, max_tokens = length, temperature = 0, ignore_eos = true, repetition_penalty = 1 });
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement.GetProperty("choices")[0].GetProperty("text").GetString()!;
    }

    private static async Task<(int Running, long Tokens)> StateAsync(TestSilo silo)
    {
        using HttpClient http = Http(silo, User);
        JsonElement engine = JsonDocument.Parse(await http.GetStringAsync("/cluster")).RootElement.GetProperty("engine");
        return (engine.GetProperty("running").GetInt32(), engine.GetProperty("answer_tokens").GetInt64());
    }

    private static async Task<string[]> ListAsync(TestSilo silo)
    {
        using HttpClient http = Http(silo, User);
        JsonElement list = JsonDocument.Parse(await http.GetStringAsync("/v1/models")).RootElement.GetProperty("data");
        Assert.All(list.EnumerateArray().Skip(1), static adapter => Assert.Equal("demo-model", adapter.GetProperty("parent").GetString()));
        return [.. list.EnumerateArray().Select(static model => model.GetProperty("id").GetString()!)];
    }

    private static Task<(HttpStatusCode Status, string Text)> LoadAsync(TestSilo silo, string name, string folder, string key) =>
        PostAsync(silo, "/v1/load_lora_adapter", new { lora_name = name, lora_path = folder }, key);

    private static Task<(HttpStatusCode Status, string Text)> UnloadAsync(TestSilo silo, string name, string key) =>
        PostAsync(silo, "/v1/unload_lora_adapter", new { lora_name = name }, key);

    private static async Task<(HttpStatusCode Status, string Text)> PostAsync(TestSilo silo, string path, object body, string key)
    {
        using HttpClient http = Http(silo, key);
        using HttpResponseMessage answer = await http.PostAsJsonAsync(path, body);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static HttpClient Http(TestSilo silo, string key)
    {
        HttpClient http = new() { BaseAddress = new Uri($"http://127.0.0.1:{silo.HttpPort}"), Timeout = Wait.Limit };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return http;
    }

    private static string Hash(string key) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}
