using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>The requests that a model answers before it is ready.</summary>
public sealed class WarmUpTests
{
    [Fact]
    public async Task A_model_answers_short_requests_with_different_prompts()
    {
        ScriptedGenerator scripted = new() { Text = "Hello" };
        await using TestServer server = await scripted.ServeAsync(services: list => list.AddSingleton<ModelWarmUp>());
        await server.Services.GetRequiredService<ModelWarmUp>().RunAsync(server.Model, CancellationToken.None);
        Assert.True(scripted.Requests.Count >= 2);
        Assert.All(scripted.Requests, request => Assert.InRange(request.MaxTokens!.Value, 1, 8));
        Assert.Equal(scripted.Requests.Count, scripted.Requests.Select(request => string.Join(' ', request.PromptIds.ToArray())).Distinct().Count());
    }

    [Fact]
    public async Task A_model_that_rejects_the_requests_is_served_all_the_same()
    {
        ScriptedGenerator scripted = new() { Text = "Hello" };
        scripted.SubmitFailures.Enqueue(new RequestException("prompt", "No such prompt."));
        scripted.SubmitFailures.Enqueue(new InvalidOperationException("broken"));
        await using TestServer server = await scripted.ServeAsync(services: list => list.AddSingleton<ModelWarmUp>());
        await server.Services.GetRequiredService<ModelWarmUp>().RunAsync(server.Model, CancellationToken.None);
        Assert.NotEmpty(scripted.Requests);
    }

    [Fact]
    public async Task Stopping_ends_it()
    {
        ScriptedGenerator scripted = new() { Accepting = new TaskCompletionSource().Task };
        await using TestServer server = await scripted.ServeAsync(services: list => list.AddSingleton<ModelWarmUp>());
        using CancellationTokenSource stop = new();
        Task warmUp = server.Services.GetRequiredService<ModelWarmUp>().RunAsync(server.Model, stop.Token);
        Assert.False(warmUp.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => warmUp);
    }

    [Fact]
    public async Task A_fresh_server_has_computed_nothing_for_its_statistics()
    {
        await using TestServer server = await TestServer.StartAsync();
        EngineStatistics statistics = await server.Model.Generator.GetStatisticsAsync(CancellationToken.None);
        Assert.Equal(0, statistics.Steps);
        Assert.Equal(0, statistics.Finished);
        Assert.Equal(0, statistics.KvCached);
        Assert.DoesNotContain("gen_ai_server_request_duration_seconds_count", await server.Client.GetStringAsync("/metrics"), StringComparison.Ordinal);
    }
}
