using System.Net;
using System.Net.Http.Json;
using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.Silo.Tests.Support;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Silo.Tests;

/// <summary>Silos whose model differs from that of the cluster take no part in it, and say what differs.</summary>
public sealed class IdentityTests : IDisposable
{
    private readonly TempFolder _folders = new();
    private readonly string? _missing = MembershipServer.Missing(MembershipKind.Redis);
    private readonly MembershipServer? _server = RedisServer.IsInstalled ? new RedisServer(DrillHost.Loopback) : null;

    public void Dispose()
    {
        _server?.Dispose();
        _folders.Dispose();
    }

    [SkippableFact]
    public async Task A_silo_with_other_files_gets_no_share_and_says_what_differs_and_never_decides_for_the_others()
    {
        Skip.If(_missing is not null, _missing);
        _server!.Start();
        await using TestSilo first = Start("first", Copy("first"));
        await first.SeesAsync(1);
        string expected = await AskAsync(first);
        await using TestSilo second = Start("second", Copy("second"));
        await second.SeesAsync(2);

        // Their names come first in order, so each would run the scheduler by its name.
        await using TestSilo weights = Start("a-weights", Copy("weights", static folder => Flip(folder, "model.safetensors")));
        await using TestSilo rope = Start("a-rope", Copy("rope", static folder => Edit(folder, "config.json", "\"rope_theta\": ", "\"rope_theta\": 1")));
        await using TestSilo tokenizer = Start("a-tokenizer", Copy("tokenizer", EditTokenizer));
        await using TestSilo form = Start("a-form", Copy("form"), "--kv", "int8", "--kv-tokens", "4096");
        await ExcludedAsync(weights, "it differs from silo first: weights.");
        await ExcludedAsync(rope, "it differs from silo first: config.json.");
        await ExcludedAsync(tokenizer, "it differs from silo first: tokenizer.");
        await ExcludedAsync(form, "it differs from silo first: form of weights and K/V (bf16, K/V in int8 instead of bf16, K/V in bf16), kv-tokens (4096 instead of 8192).");
        Assert.Equal(expected, await AskAsync(first));
        await first.WaitAsync("/cluster", HttpStatusCode.OK, "\"reason\":\"differs from silo first: weights\"");

        // A client that comes through such a silo gets its texts and answers from the others.
        string gateway = $"127.0.0.1:{tokenizer.GatewayPort}";
        (int exitCode, string output) = await TestCommand.RunAsync("generate", "--cluster", gateway, "--prompt", "What is the capital of France?", "--temperature", "0");
        Assert.True(exitCode == 0, output);
        Assert.Contains("Paris", output, StringComparison.Ordinal);
        (exitCode, output) = await TestCommand.RunAsync("top", "--once", "--json", "--cluster", gateway);
        Assert.True(exitCode == 0, output);
        Assert.Contains("left out: differs from silo first: tokenizer", output, StringComparison.Ordinal);

        // One silo with the right files is left, and as many with each of the others: the oldest one counts.
        first.Kill();
        await second.SeesAsync(5);
        Assert.Equal(expected, await AskAsync(second));
        await ExcludedAsync(weights, "it differs from silo second: weights.");
    }

    private static async Task ExcludedAsync(TestSilo silo, string difference)
    {
        await silo.WaitAsync("/health/ready", HttpStatusCode.ServiceUnavailable, difference);
        await Wait.UntilAsync(() => silo.Output.Contains(difference, StringComparison.Ordinal));
        using HttpClient http = Http(silo);
        using HttpResponseMessage answer = await PostAsync(http);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.Contains("\"This server cannot serve the model now.\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain(difference, text, StringComparison.Ordinal);
        Assert.NotNull(answer.Headers.RetryAfter);
    }

    private static async Task<string> AskAsync(TestSilo silo)
    {
        await silo.WaitAsync("/health/ready", HttpStatusCode.OK, "demo is served");
        using HttpClient http = Http(silo);
        using HttpResponseMessage answer = await PostAsync(http);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        Assert.Contains("Paris", text, StringComparison.Ordinal);
        return text[text.IndexOf("\"choices\"", StringComparison.Ordinal)..];
    }

    private static HttpClient Http(TestSilo silo) => new() { BaseAddress = new Uri($"http://127.0.0.1:{silo.HttpPort}"), Timeout = Wait.Limit };

    private static Task<HttpResponseMessage> PostAsync(HttpClient http) => http.PostAsJsonAsync("/v1/chat/completions", new
    {
        messages = new[] { new { role = "user", content = "What is the capital of France?" } }, temperature = 0,
    });

    private TestSilo Start(string name, string model, params string[] flags) => TestSilo.Start(
    [
        "--clustering", _server!.Membership.KindName, "--connection-string", _server.Membership.ConnectionString, "--advertised-address", "127.0.0.1",
        "--name", name, "--model", model, "--model-name", "demo", "--memory", "1GB", "--threads", "1", "--pin-threads", "false", "--kv-tokens", "8192", .. flags,
    ]);

    private string Copy(string name, Action<string>? change = null)
    {
        string folder = Directory.CreateDirectory(_folders.File(name)).FullName;
        foreach (string file in Directory.EnumerateFiles(TestPaths.DemoModel))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        change?.Invoke(folder);
        return folder;
    }

    private static void Flip(string folder, string file)
    {
        byte[] bytes = File.ReadAllBytes(Path.Combine(folder, file));
        bytes[^1000] ^= 1;
        File.WriteAllBytes(Path.Combine(folder, file), bytes);
    }

    private static void Edit(string folder, string file, string old, string replacement)
    {
        string path = Path.Combine(folder, file), text = File.ReadAllText(path);
        Assert.Contains(old, text, StringComparison.Ordinal);
        File.WriteAllText(path, text.Replace(old, replacement, StringComparison.Ordinal));
    }

    // The last two tokens change places: the file stays valid, and answers would contain other words.
    private static void EditTokenizer(string folder)
    {
        string path = Path.Combine(folder, "hy.tiktoken");
        string[] lines = [.. File.ReadAllLines(path).Where(static line => line.Length > 0)];
        (lines[^1], lines[^2]) = (lines[^2], lines[^1]);
        File.WriteAllLines(path, lines);
    }
}
