using System.Text;
using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Scheduling;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.TestSupport;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace HunyuanOrleans.Server.Tests.Support;

/// <summary>The server on a real socket, with the demo model or a test's own generator.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestServer(WebApplication app)
    {
        _app = app;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        Client = new HttpClient { BaseAddress = Address, Timeout = Wait.Limit };
    }

    public Uri Address { get; }

    public HttpClient Client { get; }

    public IServiceProvider Services => _app.Services;

    public ServedModel Model => Services.GetRequiredService<ModelSlot>().Model!;

    /// <summary>Starts a server that serves the demo model, and waits until it is ready.</summary>
    public static async Task<TestServer> StartAsync(
        Action<ServerOptions>? configure = null, SchedulerOptions? scheduler = null, int kvTokens = 0, Action<IServiceCollection>? services = null,
        IReadOnlyDictionary<string, string?>? settings = null, string? folder = null)
    {
        TestServer server = await StartEmptyAsync(configure, list =>
        {
            list.AddLocalModel(new LocalModelOptions(folder ?? TestPaths.DemoModel)
            {
                Loading = new ModelOptions { Threads = 1, PinThreads = false, KvTokens = kvTokens },
                Scheduler = scheduler ?? new SchedulerOptions(),
            });
            services?.Invoke(list);
        }, settings);
        await server.Services.GetRequiredService<ModelSlot>().Settled.WaitAsync(Wait.Limit);
        using HttpResponseMessage ready = await server.Client.GetAsync("/health/ready");
        Assert.True(ready.IsSuccessStatusCode, server.Services.GetRequiredService<ModelSlot>().Failure);
        return server;
    }

    /// <summary>Starts a server without a model.</summary>
    public static async Task<TestServer> StartEmptyAsync(
        Action<ServerOptions>? configure = null, Action<IServiceCollection>? services = null, IReadOnlyDictionary<string, string?>? settings = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRoutingCore();
        builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace));
        builder.Configuration.AddInMemoryCollection(settings ?? new Dictionary<string, string?>());
        builder.Services.AddHunyuanServerHost(builder.Configuration.GetSection(ServerOptions.Section), options =>
        {
            options.Port = 0;
            configure?.Invoke(options);
        });
        services?.Invoke(builder.Services);
        WebApplication app = builder.Build();
        app.MapHunyuanApi();
        try
        {
            await app.StartAsync();
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        return new TestServer(app);
    }

    public static StringContent Content(string json) => new(json, Encoding.UTF8, "application/json");

    /// <summary>Posts JSON and reads the response as JSON, whatever its status.</summary>
    public async Task<(int Status, JsonElement Json)> PostAsync(string path, string json)
    {
        using HttpResponseMessage response = await Client.PostAsync(path, Content(json));
        string text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, JsonDocument.Parse(text).RootElement);
    }

    /// <summary>Posts JSON and reads the response as JSON. Fails unless the status is 200.</summary>
    public async Task<JsonElement> OkAsync(string path, string json)
    {
        (int status, JsonElement answer) = await PostAsync(path, json);
        Assert.True(status == 200, $"{status}: {answer}");
        return answer;
    }

    /// <summary>Posts JSON and reads the whole stream.</summary>
    public async Task<EventStream> StreamAsync(string path, string json)
    {
        using HttpResponseMessage response = await Client.PostAsync(path, Content(json));
        return new EventStream(response, await response.Content.ReadAsByteArrayAsync());
    }

    public async Task<EngineStatistics> StatisticsAsync() => await Model.Generator.GetStatisticsAsync(CancellationToken.None);

    /// <summary>Waits until the engine is idle and no request holds KV blocks.</summary>
    public Task WaitUntilIdleAsync() => Wait.UntilAsync(StatisticsAsync, static statistics => statistics is { Waiting: 0, Running: 0, KvUsed: 0 });

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
