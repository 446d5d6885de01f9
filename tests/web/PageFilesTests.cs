using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Tests.Support;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Web.Tests;

/// <summary>The page's files and /cluster over HTTP, without a browser.</summary>
public sealed partial class PageFilesTests
{
    private static readonly string Site = Path.Combine(TestPaths.Root, "server", "Page", "Site");

    [Fact]
    public async Task Every_file_is_served_with_its_type_and_a_strict_policy()
    {
        await using TestServer server = await TestServer.StartEmptyAsync();
        foreach (string file in Directory.GetFiles(Site).Select(path => Path.GetFileName(path)))
        {
            using HttpResponseMessage response = await server.Client.GetAsync(file == "index.html" ? "/" : "/page/" + file);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(File.ReadAllBytes(Path.Combine(Site, file)), await response.Content.ReadAsByteArrayAsync());
            string policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
            Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.Contains("require-trusted-types-for 'script'", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("*", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
            Assert.Equal("no-referrer", Assert.Single(response.Headers.GetValues("Referrer-Policy")));
            Assert.Equal(
                Path.GetExtension(file) switch { ".html" => "text/html", ".css" => "text/css", ".js" => "text/javascript", _ => "image/svg+xml" },
                response.Content.Headers.ContentType!.MediaType);
        }
    }

    [Fact]
    public async Task A_cached_file_is_not_sent_again()
    {
        await using TestServer server = await TestServer.StartEmptyAsync();
        using HttpResponseMessage first = await server.Client.GetAsync("/page/app.js");
        using HttpRequestMessage again = new(HttpMethod.Get, "/page/app.js");
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using HttpResponseMessage second = await server.Client.SendAsync(again);
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.Empty(await second.Content.ReadAsByteArrayAsync());
        using HttpResponseMessage head = await server.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/"));
        Assert.Equal(new FileInfo(Path.Combine(Site, "index.html")).Length, head.Content.Headers.ContentLength);
    }

    [Theory]
    [InlineData("/page/index.html")]
    [InlineData("/page/missing.js")]
    [InlineData("/page/../HunyuanOrleans.Server.dll")]
    [InlineData("/page/%2e%2e/app.js")]
    public async Task Nothing_else_is_served(string path)
    {
        await using TestServer server = await TestServer.StartEmptyAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await server.Client.GetAsync(path)).StatusCode);
    }

    [Fact]
    public async Task The_page_needs_no_key_but_the_cluster_does()
    {
        await using TestServer server = await TestServer.StartEmptyAsync(
            options => options.Keys.Add(new ApiKeyOptions { Name = "a", Sha256 = new string('0', 64) }));
        Assert.Equal(HttpStatusCode.OK, (await server.Client.GetAsync("/")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.Client.GetAsync("/cluster")).StatusCode);
    }

    [Fact]
    public void No_file_turns_text_into_markup_or_loads_from_other_hosts()
    {
        string all = string.Concat(Directory.GetFiles(Site).Where(path => !path.EndsWith(".svg", StringComparison.Ordinal)).Select(File.ReadAllText));
        Assert.DoesNotMatch(Dangerous(), all);
        Assert.DoesNotMatch(Inline(), File.ReadAllText(Path.Combine(Site, "index.html")));
        // The only URLs in the files are XML namespaces.
        Assert.All(Addresses().Matches(all), match => Assert.StartsWith("http://www.w3.org/", match.Value, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Cluster_reports_a_model_in_one_process()
    {
        await using TestServer server = await TestServer.StartAsync();
        _ = await server.OkAsync("/v1/chat/completions", """{"messages":[{"role":"user","content":"What is 3+5?"}]}""");
        await server.WaitUntilIdleAsync();
        using HttpResponseMessage response = await server.Client.GetAsync("/cluster");
        Assert.True(response.Headers.CacheControl!.NoStore);
        JsonElement cluster = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        EngineStatistics statistics = await server.StatisticsAsync();
        Assert.Equal("demo-model", cluster.GetProperty("model").GetProperty("name").GetString());
        Assert.Equal((6, 8), (cluster.GetProperty("model").GetProperty("layers").GetInt32(), cluster.GetProperty("model").GetProperty("experts").GetInt32()));
        JsonElement engine = cluster.GetProperty("engine");
        Assert.Equal(statistics.AnswerTokens, engine.GetProperty("answer_tokens").GetInt64());
        Assert.Equal(statistics.KvBlocks, engine.GetProperty("kv_blocks").GetProperty("total").GetInt32());
        JsonElement silo = Assert.Single(cluster.GetProperty("silos").EnumerateArray());
        Assert.True(silo.GetProperty("home").GetBoolean());
        Assert.True(silo.GetProperty("weight_bytes").GetInt64() > 5_000_000);
        Assert.Equal("[[0,5]]", silo.GetProperty("layers").GetRawText());
        Assert.Equal("""[{"layers":[0,5],"experts":[0,7]}]""", silo.GetProperty("experts").GetRawText());
        long[][] tokens = [.. cluster.GetProperty("experts").GetProperty("tokens").EnumerateArray()
            .Select(row => row.EnumerateArray().Select(count => count.GetInt64()).ToArray())];
        Assert.Equal(6, tokens.Length);
        // Each token goes to one expert per layer, and each wrong guess too, except the last token of an answer, which is not computed further.
        long computed = statistics.PromptTokens - statistics.CachedPromptTokens + statistics.AnswerTokens - 1 + statistics.DraftedTokens - statistics.AcceptedDraftTokens;
        Assert.All(tokens, row => Assert.Equal((8, computed), (row.Length, row.Sum())));
    }

    [Fact]
    public async Task Cluster_is_unavailable_before_the_model_is_loaded()
    {
        await using TestServer server = await TestServer.StartEmptyAsync();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await server.Client.GetAsync("/cluster")).StatusCode);
    }

    [GeneratedRegex(@"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser|createContextualFragment|setHTMLUnsafe|srcdoc")]
    private static partial Regex Dangerous();

    [GeneratedRegex(@"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", RegexOptions.IgnoreCase)]
    private static partial Regex Inline();

    [GeneratedRegex(@"https?://[a-z][^\s""'`)]*")]
    private static partial Regex Addresses();
}
