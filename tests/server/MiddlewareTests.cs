using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Tests.Support;
using HunyuanOrleans.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>Health, models, request ids, unknown paths, logs, shutdown.</summary>
public sealed class MiddlewareTests
{
    [Fact]
    public async Task The_server_is_live_before_the_model_is_loaded_and_ready_after()
    {
        await using TestServer server = await TestServer.StartEmptyAsync();
        Assert.Equal(200, (int)(await server.Client.GetAsync("/health/live")).StatusCode);
        using HttpResponseMessage early = await server.Client.GetAsync("/health/ready");
        Assert.Equal(503, (int)early.StatusCode);
        Assert.NotNull(early.Headers.RetryAfter);
        Assert.Equal(503, (await server.PostAsync(Bodies.ChatPath, Bodies.Chat("hi"))).Status);

        ModelSlot slot = server.Services.GetRequiredService<ModelSlot>();
        await using TestServer other = await new ScriptedGenerator().ServeAsync();
        slot.Set(other.Model);
        Assert.Equal(200, (int)(await server.Client.GetAsync("/health/ready")).StatusCode);
        Assert.Equal(200, (int)(await server.Client.GetAsync("/health")).StatusCode);
        slot.Clear();
        Assert.Equal(503, (int)(await server.Client.GetAsync("/health/ready")).StatusCode);
        Assert.Equal(503, (int)(await server.Client.GetAsync("/health")).StatusCode);
    }

    [Theory]
    [InlineData("/v1/models/tencent/Hunyuan-A13B")]
    [InlineData("/v1/models/tencent%2FHunyuan-A13B")]
    [InlineData("/v1/models/tencent%2fHunyuan%2DA13B")]
    public async Task The_name_of_a_model_may_contain_slashes(string path)
    {
        await using TestServer server = await TestServer.StartEmptyAsync();
        await using TestServer other = await new ScriptedGenerator().ServeAsync();
        server.Services.GetRequiredService<ModelSlot>().Set(
            new ServedModel("tencent/Hunyuan-A13B", other.Model.Generator, other.Model.Tokenizer, null, other.Model.Defaults, 0));
        using JsonDocument model = JsonDocument.Parse(await server.Client.GetStringAsync(path));
        Assert.Equal("tencent/Hunyuan-A13B", model.RootElement.GetProperty("id").GetString());
        using HttpResponseMessage unknown = await server.Client.GetAsync(path + "/x");
        Assert.Equal(404, (int)unknown.StatusCode);
        using JsonDocument list = JsonDocument.Parse(await server.Client.GetStringAsync("/v1/models/"));
        Assert.Equal("list", list.RootElement.GetProperty("object").GetString());
    }

    [Fact]
    public async Task Http_2_without_tls_is_served_on_the_same_port()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpResponseMessage old = await server.Client.GetAsync("/version");
        Assert.Equal(HttpVersion.Version11, old.Version);
        using HttpClient client = new()
        {
            BaseAddress = server.Address,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using StringContent body = new(Bodies.Chat("What is the capital of France?"), Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await client.PostAsync(Bodies.ChatPath, body);
        Assert.Equal((HttpVersion.Version20, HttpStatusCode.OK), (answer.Version, answer.StatusCode));
        Assert.Contains("Paris", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/health")]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    [InlineData("/version")]
    [InlineData("/v1/models")]
    [InlineData("/v1/models/nowhere")]
    [InlineData("/metrics")]
    public async Task Head_is_answered_like_get_without_a_body(string path)
    {
        await using TestServer server = await new ScriptedGenerator().ServeAsync();
        using HttpResponseMessage get = await server.Client.GetAsync(path);
        using HttpRequestMessage request = new(HttpMethod.Head, path);
        using HttpResponseMessage head = await server.Client.SendAsync(request);
        Assert.Equal(get.StatusCode, head.StatusCode);
        Assert.Equal(get.Content.Headers.ContentType, head.Content.Headers.ContentType);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task The_server_says_how_far_the_model_is_loaded()
    {
        TaskCompletionSource finish = new();
        await using TestServer server = await TestServer.StartEmptyAsync(services: list => list.AddLocalModel(new LocalModelOptions(TestPaths.DemoModel)
        {
            Loading = new ModelOptions { Threads = 1, PinThreads = false },
            Loader = (folder, options, progress, stopping) =>
            {
                progress.Report(new LoadProgress(1, 4, 25_000_000_000, 100_000_000_000));
                finish.Task.Wait(stopping);
                return ModelRunner.Load(folder, options, progress, stopping);
            },
        }));
        const string Progress = "The model is loading. 25.0 of 100.0 GB of its weights are loaded; about ";
        ModelSlot slot = server.Services.GetRequiredService<ModelSlot>();
        await Wait.UntilAsync(() => slot.Readiness is not null);
        Assert.Contains(Progress, await (await server.Client.GetAsync("/health/ready")).Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains(Progress, (await server.PostAsync(Bodies.ChatPath, Bodies.Chat("hi"))).Json.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains("\nhunyuan_load_left_bytes 75000000000\n", await server.Client.GetStringAsync("/metrics"), StringComparison.Ordinal);
        finish.SetResult();
        await slot.Settled.WaitAsync(Wait.Limit);
        Assert.Equal(200, (int)(await server.Client.GetAsync("/health/ready")).StatusCode);
    }

    [Fact]
    public async Task A_model_that_cannot_be_loaded_stops_the_server()
    {
        string folder = Directory.CreateTempSubdirectory("hunyuan-").FullName;
        await using TestServer server = await TestServer.StartEmptyAsync(services: list => list.AddLocalModel(new LocalModelOptions(folder)));
        Microsoft.Extensions.Hosting.IHostApplicationLifetime lifetime =
            server.Services.GetRequiredService<Microsoft.Extensions.Hosting.IHostApplicationLifetime>();
        TaskCompletionSource stopping = new();
        using (lifetime.ApplicationStopping.Register(stopping.SetResult))
        {
            await stopping.Task.WaitAsync(Wait.Limit);
        }

        Assert.Contains("config.json", server.Services.GetRequiredService<ModelSlot>().Failure, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task The_model_and_the_version_are_reported()
    {
        await using TestServer server = await new ScriptedGenerator().ServeAsync();
        JsonElement list = JsonDocument.Parse(await server.Client.GetStringAsync("/v1/models")).RootElement;
        JsonElement model = Assert.Single(list.GetProperty("data").EnumerateArray());
        Assert.Equal(("list", "model", "scripted"), (list.GetProperty("object").GetString(), model.GetProperty("object").GetString(), model.GetProperty("id").GetString()));
        Assert.Equal(model.GetRawText(), await server.Client.GetStringAsync("/v1/models/scripted"));
        using HttpResponseMessage unknown = await server.Client.GetAsync("/v1/models/other");
        Assert.Equal(404, (int)unknown.StatusCode);
        Assert.Matches("^\\{\"version\":\"[0-9]+\\.[0-9]+\\.[0-9]+\"\\}$", await server.Client.GetStringAsync("/version"));
    }

    [Theory]
    [InlineData("GET", "/nothing", 404, "not_found")]
    [InlineData("POST", "/v1/nothing", 404, "not_found")]
    [InlineData("GET", "/v1/chat/completions", 405, "method_not_allowed")]
    [InlineData("DELETE", "/v1/models", 405, "method_not_allowed")]
    public async Task Unknown_paths_get_an_error_object(string method, string path, int status, string code)
    {
        await using TestServer server = await TestServer.StartEmptyAsync();
        using HttpResponseMessage response = await server.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(code, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("error").GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("my-id.7_A", true)]
    [InlineData("two words", false)]
    [InlineData("<script>", false)]
    public async Task Every_response_has_a_request_id(string given, bool kept)
    {
        await using TestServer server = await TestServer.StartEmptyAsync();
        using HttpRequestMessage request = new(HttpMethod.Get, "/nothing");
        request.Headers.TryAddWithoutValidation("x-request-id", given);
        string id = Assert.Single((await server.Client.SendAsync(request)).Headers.GetValues("x-request-id"));
        Assert.Equal(kept, id == given);
        Assert.Matches("^[A-Za-z0-9._-]{1,128}$", id);
    }

    [Fact]
    public async Task No_text_of_prompts_or_answers_is_logged_unless_asked_for()
    {
        const string secret = "xylophone";
        string chat = $$"""{"messages":[{"role":"user","content":"{{secret}}"}]}""";
        foreach (bool asked in new[] { false, true })
        {
            LogLines lines = new();
            await using (TestServer server = await new ScriptedGenerator { Text = "answer " + secret }.ServeAsync(
                options => options.LogText = asked, list => list.AddSingleton<ILoggerProvider>(lines)))
            {
                using HttpRequestMessage request = new(HttpMethod.Post, Bodies.ChatPath) { Content = TestServer.Content(chat) };
                request.Headers.Add("x-request-id", "id-of-the-request");
                Assert.Equal(200, (int)(await server.Client.SendAsync(request)).StatusCode);
                await server.PostAsync(Bodies.ChatPath, chat.Replace("user", secret, StringComparison.Ordinal));
                await server.PostAsync(Bodies.ChatPath, chat + secret);
                await server.StreamAsync(Bodies.ChatPath, chat[..^1] + ",\"stream\":true}");
            }

            Assert.Equal(asked, lines.All.Any(line => line.Contains(secret, StringComparison.Ordinal)));
            Assert.Contains(lines.All, line => line.Contains("answer tokens: ok", StringComparison.Ordinal)
                && line.Contains("for anonymous", StringComparison.Ordinal) && line.Contains("id-of-the-request", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_stopping_server_cancels_running_requests_after_its_timeout()
    {
        TestServer server = await TestServer.StartAsync(options => options.ShutdownTimeout = TimeSpan.FromSeconds(1));
        using HttpRequestMessage request = new(HttpMethod.Post, Bodies.ChatPath)
        {
            Content = TestServer.Content(Bodies.Chat("hi", "\"stream\":true,\"ignore_eos\":true,\"max_tokens\":4000,\"n\":16,\"logprobs\":true")),
        };
        using HttpResponseMessage response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Task<string> rest = response.Content.ReadAsStringAsync();
        await server.StopAsync().WaitAsync(Wait.Limit);
        Assert.Contains("shutting_down", await rest, StringComparison.Ordinal);
        await server.DisposeAsync();
    }

    private sealed class LogLines : ILoggerProvider, ISupportExternalScope
    {
        private IExternalScopeProvider? _scopes;

        public ConcurrentQueue<string> All { get; } = new();

        public ILogger CreateLogger(string categoryName) => new Line(this);

        public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

        public void Dispose()
        {
        }

        private sealed class Line(LogLines lines) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => lines._scopes?.Push(state);

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            {
                string text = formatter(state, exception) + exception;
                lines._scopes?.ForEachScope((scope, _) => text += " " + scope, 0);
                lines.All.Enqueue(text);
            }
        }
    }
}
