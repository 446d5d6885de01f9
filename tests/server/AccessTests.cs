using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Tests.Support;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>API keys, limits, host names, CORS and listening addresses.</summary>
public sealed class AccessTests
{
    private const string Key = "sk-test-0123456789", Body = """{"messages":[{"role":"user","content":"a"}]}""";

    [Fact]
    public async Task With_keys_only_their_holders_are_answered()
    {
        await using TestServer server = await new ScriptedGenerator { Text = "ab" }.ServeAsync(options => options.Keys.Add(Hashed("alice")));
        foreach (string path in new[] { "/v1/models", "/v1/models/scripted", "/metrics" })
        {
            Assert.Equal(401, (int)(await SendAsync(server, HttpMethod.Get, path, null)).StatusCode);
            Assert.Equal(200, (int)(await SendAsync(server, HttpMethod.Get, path, Key)).StatusCode);
        }

        foreach (string path in new[] { Bodies.ChatPath, Bodies.CompletionPath, "/tokenize", "/detokenize" })
        {
            Assert.Equal(401, (int)(await SendAsync(server, HttpMethod.Post, path, null)).StatusCode);
            Assert.Equal(401, (int)(await SendAsync(server, HttpMethod.Post, path, Key[..^1])).StatusCode);
            Assert.Equal(401, (int)(await SendAsync(server, HttpMethod.Post, path, Key + "x")).StatusCode);
        }

        Assert.Equal(200, (int)(await SendAsync(server, HttpMethod.Post, Bodies.ChatPath, Key)).StatusCode);
        foreach (string path in new[] { "/health/live", "/health/ready", "/version" })
        {
            Assert.Equal(200, (int)(await SendAsync(server, HttpMethod.Get, path, null)).StatusCode);
        }

        using HttpResponseMessage refused = await SendAsync(server, HttpMethod.Post, Bodies.ChatPath, null);
        Assert.Equal("Bearer", refused.Headers.WwwAuthenticate.ToString());
        Assert.Equal(
            "invalid_api_key",
            JsonDocument.Parse(await refused.Content.ReadAsStringAsync()).RootElement.GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task Metrics_can_be_open_to_all()
    {
        await using TestServer server = await new ScriptedGenerator().ServeAsync(options =>
        {
            options.Keys.Add(Hashed("alice"));
            options.OpenMetrics = true;
        });
        Assert.Equal(200, (int)(await SendAsync(server, HttpMethod.Get, "/metrics", null)).StatusCode);
    }

    [Fact]
    public async Task A_file_holds_keys_hashes_and_limits()
    {
        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(
                file, $"# keys\n\n{Key}-one name=one requests_per_minute=1\nsha256:{Hash(Key + "-two")} name=two max_concurrent=2 tokens_per_minute=9\n");
            await using TestServer server = await new ScriptedGenerator { Text = "ab" }.ServeAsync(options => options.KeyFile = file);
            Assert.Equal(200, (int)(await SendAsync(server, HttpMethod.Post, Bodies.ChatPath, Key + "-one")).StatusCode);
            Assert.Equal(429, (int)(await SendAsync(server, HttpMethod.Post, Bodies.ChatPath, Key + "-one")).StatusCode);
            Assert.Equal(200, (int)(await SendAsync(server, HttpMethod.Post, Bodies.ChatPath, Key + "-two")).StatusCode);
            Assert.Equal(401, (int)(await SendAsync(server, HttpMethod.Post, Bodies.ChatPath, Key)).StatusCode);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("short", "16 characters")]
    [InlineData("sha256:abc", "64 hexadecimal")]
    [InlineData("0123456789abcdef speed=1", "is no limit")]
    [InlineData("0123456789abcdef name", "allowed are")]
    [InlineData("# nothing", "holds no key")]
    public async Task An_invalid_key_file_stops_the_start(string line, string part)
    {
        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, line);
            OptionsValidationException error = await Assert.ThrowsAsync<OptionsValidationException>(() => TestServer.StartEmptyAsync(options => options.KeyFile = file));
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("0123456789abcdef", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Concurrent_requests_are_limited_per_key()
    {
        ScriptedGenerator generator = new();
        await using TestServer server = await generator.ServeAsync(options =>
        {
            options.Keys.Add(Hashed("alice"));
            options.Keys.Add(new ApiKeyOptions { Name = "bob", Sha256 = Hash(Key + "-bob") });
            options.Limits.MaxConcurrent = 1;
        });
        Task<HttpResponseMessage> first = SendAsync(server, HttpMethod.Post, Bodies.ChatPath, Key);
        await generator.WaitForSubmissionsAsync(1);
        using HttpResponseMessage second = await SendAsync(server, HttpMethod.Post, Bodies.ChatPath, Key);
        Assert.Equal(429, (int)second.StatusCode);
        Assert.True(second.Headers.RetryAfter!.Delta >= TimeSpan.FromSeconds(1));
        Task<HttpResponseMessage> other = SendAsync(server, HttpMethod.Post, Bodies.ChatPath, Key + "-bob");
        await generator.WaitForSubmissionsAsync(2);
        generator.Emit("ab", FinishReason.Stop);
        Assert.Equal(200, (int)(await first).StatusCode);
        Assert.Equal(200, (int)(await other).StatusCode);
    }

    [Fact]
    public async Task Requests_per_minute_are_limited()
    {
        FakeTimeProvider time = new();
        await using TestServer server = await new ScriptedGenerator { Text = "ab" }.ServeAsync(
            options => options.Limits.RequestsPerMinute = 2, list => list.Add(new(typeof(TimeProvider), time)));
        Assert.Equal(200, (await server.PostAsync(Bodies.ChatPath, Body)).Status);
        Assert.Equal(200, (await server.PostAsync(Bodies.ChatPath, Body)).Status);
        using HttpResponseMessage refused = await SendAsync(server, HttpMethod.Post, Bodies.ChatPath, null);
        Assert.Equal((429, 30d), ((int)refused.StatusCode, refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds));
        time.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal(429, (await server.PostAsync(Bodies.ChatPath, Body)).Status);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(200, (await server.PostAsync(Bodies.ChatPath, Body)).Status);
    }

    [Fact]
    public async Task Tokens_per_minute_are_limited()
    {
        FakeTimeProvider time = new();
        await using TestServer server = await new ScriptedGenerator { Text = "one two three four" }.ServeAsync(
            options => options.Limits.TokensPerMinute = 5, list => list.Add(new(typeof(TimeProvider), time)));
        JsonElement usage = (await server.OkAsync(Bodies.ChatPath, Body)).GetProperty("usage");
        int used = usage.GetProperty("total_tokens").GetInt32();
        Assert.InRange(used, 6, 100);
        using HttpResponseMessage refused = await SendAsync(server, HttpMethod.Post, Bodies.ChatPath, null);
        Assert.Equal(429, (int)refused.StatusCode);
        Assert.Contains("token_limit", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        time.Advance(TimeSpan.FromMinutes((used / 5d) - 1 + 0.1));
        Assert.Equal(200, (await server.PostAsync(Bodies.ChatPath, Body)).Status);
    }

    [Fact]
    public async Task A_prompt_longer_than_the_servers_limit_is_rejected()
    {
        await using TestServer server = await new ScriptedGenerator { Text = "ab" }.ServeAsync(options => options.MaxPromptTokens = 20);
        Assert.Equal(200, (await server.PostAsync(Bodies.ChatPath, Body)).Status);
        (int status, JsonElement json) = await server.PostAsync(Bodies.ChatPath, Body.Replace("\"a\"", $"\"{new string('好', 30)}\"", StringComparison.Ordinal));
        Assert.Equal((400, "messages"), (status, json.GetProperty("error").GetProperty("param").GetString()));
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("*")]
    [InlineData("::")]
    [InlineData("10.1.2.3")]
    public async Task Without_keys_the_server_listens_on_loopback_only(string host)
    {
        OptionsValidationException error =
            await Assert.ThrowsAsync<OptionsValidationException>(() => TestServer.StartEmptyAsync(options => options.Host = host));
        Assert.Contains($"Host is '{host}'", error.Message, StringComparison.Ordinal);
        Assert.Contains("AllowAnonymous", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_keys_or_anonymous_callers_allowed_it_listens_on_all_addresses()
    {
        await using TestServer open = await TestServer.StartEmptyAsync(options => (options.Host, options.AllowAnonymous) = ("0.0.0.0", true));
        await using TestServer keyed = await TestServer.StartEmptyAsync(options =>
        {
            options.Host = "0.0.0.0";
            options.Keys.Add(Hashed("alice"));
        });
        Assert.NotEqual(0, open.Address.Port);
        Assert.NotEqual(0, keyed.Address.Port);
    }

    [Theory]
    [InlineData("evil.example", 421)]
    [InlineData("localhost", 200)]
    [InlineData("127.0.0.1:99", 200)]
    [InlineData("model.example", 200)]
    public async Task Without_keys_only_allowed_host_names_are_answered(string host, int status)
    {
        await using TestServer server = await TestServer.StartEmptyAsync(options => options.AllowedHosts.Add("model.example"));
        using HttpRequestMessage request = new(HttpMethod.Get, "/version") { Headers = { Host = host } };
        Assert.Equal(status, (int)(await server.Client.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task Only_allowed_origins_pass_cors()
    {
        await using TestServer closed = await TestServer.StartEmptyAsync();
        await using TestServer open = await TestServer.StartEmptyAsync(options => options.CorsOrigins.Add("https://page.example"));
        foreach ((TestServer server, string origin, bool allowed) in new[]
        {
            (closed, "https://page.example", false), (open, "https://page.example", true), (open, "https://other.example", false),
        })
        {
            using HttpRequestMessage request = new(HttpMethod.Options, Bodies.ChatPath)
            {
                Headers = { { "Origin", origin }, { "Access-Control-Request-Method", "POST" }, { "Access-Control-Request-Headers", "content-type" } },
            };
            using HttpResponseMessage response = await server.Client.SendAsync(request);
            Assert.Equal(allowed, response.Headers.Contains("Access-Control-Allow-Origin"));
        }
    }

    [Fact]
    public async Task Settings_are_read_from_the_configuration()
    {
        await using TestServer server = await TestServer.StartEmptyAsync(settings: new Dictionary<string, string?>
        {
            ["Server:Keys:0:Name"] = "alice",
            ["Server:Keys:0:Sha256"] = Hash(Key),
            ["Server:Keys:0:Limits:MaxConcurrent"] = "3",
            ["Server:CorsOrigins:0"] = "https://page.example",
            ["Server:RequestTimeout"] = "00:00:30",
            ["Server:Limits:TokensPerMinute"] = "7",
        });
        ServerOptions options = Microsoft.Extensions.DependencyInjection.ServiceProviderServiceExtensions.GetRequiredService<IOptions<ServerOptions>>(server.Services).Value;
        Assert.Equal(("alice", 3), (options.Keys[0].Name, options.Keys[0].Limits!.MaxConcurrent));
        Assert.Equal((TimeSpan.FromSeconds(30), 7, "https://page.example"), (options.RequestTimeout, options.Limits.TokensPerMinute, options.CorsOrigins[0]));
        Assert.Equal(401, (int)(await server.Client.GetAsync("/v1/models")).StatusCode);
    }

    [Theory]
    [InlineData("Server:KeysFile", "x", "KeysFile")]
    [InlineData("Server:Port", "many", "Server:Port")]
    [InlineData("Server:MaxChoices", "0", "1 to 128")]
    [InlineData("Server:MaxPrompts", "0", "1 to 1024")]
    [InlineData("Server:UnknownParameters", "sometimes", "Server:UnknownParameters")]
    [InlineData("Server:UnknownParameters", "7", "allowed: Ignore, Warn, Refuse")]
    [InlineData("Server:MaxBodyBytes", "1", "MaxBodyBytes is 1")]
    [InlineData("Server:RequestTimeout", "00:00:00", "RequestTimeout")]
    [InlineData("Server:Keys:0:Name", "alice", "Sha256")]
    [InlineData("Server:OtlpEndpoint", "collector", "OtlpEndpoint")]
    [InlineData("Server:Host", "example.com", "an IP address")]
    [InlineData("Server:Limits:MaxConcurrent", "-1", "Limits:MaxConcurrent is -1")]
    public async Task Invalid_settings_stop_the_start(string name, string value, string part)
    {
        OptionsValidationException error = await Assert.ThrowsAsync<OptionsValidationException>(
            () => TestServer.StartEmptyAsync(settings: new Dictionary<string, string?> { [name] = value }));
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    private static string Hash(string key) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    private static ApiKeyOptions Hashed(string name) => new() { Name = name, Sha256 = Hash(Key) };

    private static Task<HttpResponseMessage> SendAsync(TestServer server, HttpMethod method, string path, string? key)
    {
        HttpRequestMessage request = new(method, path);
        if (method == HttpMethod.Post)
        {
            request.Content = TestServer.Content(Body);
        }

        request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        return server.Client.SendAsync(request);
    }
}
