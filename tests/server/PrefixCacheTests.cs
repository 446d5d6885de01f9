using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>POST /reset_prefix_cache.</summary>
public sealed class PrefixCacheTests
{
    private const string Path = "/reset_prefix_cache";

    [Fact]
    public async Task A_reset_has_later_prompts_computed_from_their_first_token()
    {
        await using TestServer server = await TestServer.StartAsync();
        string body = Bodies.Chat(string.Concat(Enumerable.Repeat("很长的问题。", 30)), "\"max_tokens\":2");
        Assert.Equal(0, await CachedAsync());
        Assert.True(await CachedAsync() > 0);
        Assert.Equal(200, await ResetAsync(server));
        Assert.Equal(0, await CachedAsync());
        Assert.True(await CachedAsync() > 0);

        async Task<int> CachedAsync() => (await server.OkAsync(Bodies.ChatPath, body))
            .GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32();
    }

    [Fact]
    public async Task It_needs_a_key()
    {
        const string key = "sk-0123456789abcdef";
        await using TestServer server = await new ScriptedGenerator().ServeAsync(options =>
        {
            options.OpenMetrics = true;
            options.Keys.Add(new ApiKeyOptions { Name = "a", Sha256 = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key))) });
        });
        Assert.Equal(401, await ResetAsync(server));
        Assert.Equal(200, await ResetAsync(server, key: key));
    }

    [Fact]
    public async Task Web_pages_of_other_origins_may_not()
    {
        await using TestServer server = await new ScriptedGenerator().ServeAsync(options => options.CorsOrigins.Add("https://console.example"));
        Assert.Equal(403, await ResetAsync(server, "https://evil.example"));
        Assert.Equal(403, await ResetAsync(server, "null"));
        Assert.Equal(200, await ResetAsync(server, "https://console.example"));
        Assert.Equal(200, await ResetAsync(server, server.Address.GetLeftPart(UriPartial.Authority)));
    }

    [Fact]
    public async Task Without_a_model_there_is_nothing_to_reset()
    {
        await using TestServer server = await TestServer.StartEmptyAsync();
        Assert.Equal(503, await ResetAsync(server));
    }

    private static async Task<int> ResetAsync(TestServer server, string? origin = null, string? key = null)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, Path);
        request.Headers.Authorization = key is null ? null : new("Bearer", key);
        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
        }

        using HttpResponseMessage response = await server.Client.SendAsync(request);
        if (response.IsSuccessStatusCode)
        {
            Assert.True(JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("success").GetBoolean());
        }

        return (int)response.StatusCode;
    }
}
