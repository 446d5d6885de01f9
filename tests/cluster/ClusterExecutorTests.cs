using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Engine.Sampling;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Execution;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Hosting;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>Steps that wait for a route, replies that do not fit their step, and the timeouts of calls.</summary>
public sealed class ClusterExecutorTests
{
    private static readonly TestModel Model = new("tiny-top8-nocla");

    private static readonly HunyuanSiloOptions Options = new() { Capacity = new SiloCapacity { Name = "a", MemoryBytes = 1, MemoryBandwidth = 1 } };

    [Fact]
    public async Task A_step_that_waits_for_a_route_does_not_keep_the_planner_waiting()
    {
        RouteState state = new();
        RouteManager routes = new(Model.Name, null!, state, null!, TimeSpan.Zero, NullLogger.Instance, TimeProvider.System);
        ClusterExecutor executor = new(
            Model.Settings,
            Model.Config,
            Options,
            routes,
            state,
            FakeGrains.Create(static (_, method) => throw new InvalidOperationException($"{method.Name} is not expected.")),
            NullLogger.Instance,
            TimeProvider.System);
        using CancellationTokenSource stop = new();
        Task step = executor.ExecuteAsync(new StepBatch(1, 1), new StepResult(1, 1), stop.Token).AsTask();
        Assert.False(step.IsCompleted);
        Assert.False(state.IsStepping);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => step);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_reply_with_another_number_of_scores_fails_the_step(int returned)
    {
        TokenMessage[] scores = [.. Enumerable.Repeat(new TokenMessage(1, -1, null, null), returned)];
        ClusterExecutor executor = WithOneShard(_ => new StepReply([], null, returned == 0 ? null : scores));
        StepBatch batch = new(8, 1);
        batch.Add([5, 6, 7], 0, new[] { 0 }, null, 1, new RowScoring(0, new[] { 6, 7 }, 0));
        ExecutorException fault = await Assert.ThrowsAsync<ExecutorException>(() => executor.ExecuteAsync(batch, new StepResult(1, 1), CancellationToken.None).AsTask());
        Assert.Equal($"The cluster returned log probabilities of {returned} prompt tokens instead of 2.", fault.Message);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(3, 3)]
    [InlineData(2, 1)]
    public async Task A_reply_with_another_number_of_tokens_fails_the_step(int count, int returned)
    {
        TokenMessage[] replied = [.. Enumerable.Repeat(new TokenMessage(1, 0, null, null), returned)];
        ClusterExecutor executor = WithOneShard(_ => new StepReply(replied, null, null, [count]));
        StepBatch batch = new(8, 1);
        batch.Add([5, 6], 0, new[] { 0 }, new SamplingState(SamplingParams.Greedy, 1, [5]), 1, drafts: new DraftTokens(new[] { 6 }, default));
        ExecutorException fault = await Assert.ThrowsAsync<ExecutorException>(() => executor.ExecuteAsync(batch, new StepResult(1, 2), CancellationToken.None).AsTask());
        Assert.Equal($"The cluster returned {count} tokens for 2 rows of an answer, and {returned} in all.", fault.Message);
    }

    [Theory]
    [InlineData(1, 2, "The cluster returned 2 tokens for answers that get 1.")]
    [InlineData(null, 2, "The cluster returned 2 tokens for answers that get 1.")]
    public async Task A_reply_with_tokens_left_over_fails_the_step(int? count, int returned, string message)
    {
        TokenMessage[] replied = [.. Enumerable.Repeat(new TokenMessage(1, 0, null, null), returned)];
        ClusterExecutor executor = WithOneShard(_ => new StepReply(replied, null, null, count is { } one ? [one] : null));
        StepBatch batch = new(8, 1);
        batch.Add([5, 6], 0, new[] { 0 }, new SamplingState(SamplingParams.Greedy, 1, [5]), 1, drafts: new DraftTokens(new[] { 6 }, default));
        ExecutorException fault = await Assert.ThrowsAsync<ExecutorException>(() => executor.ExecuteAsync(batch, new StepResult(1, 2), CancellationToken.None).AsTask());
        Assert.Equal(message, fault.Message);
    }

    [Fact]
    public async Task A_reply_without_a_count_for_an_answer_fails_the_step()
    {
        ClusterExecutor executor = WithOneShard(static _ => new StepReply([new TokenMessage(1, 0, null, null)], null, null, []));
        StepBatch batch = new(8, 1);
        batch.Add([5], 0, new[] { 0 }, new SamplingState(SamplingParams.Greedy, 1, [5]), 1);
        ExecutorException fault = await Assert.ThrowsAsync<ExecutorException>(() => executor.ExecuteAsync(batch, new StepResult(1, 2), CancellationToken.None).AsTask());
        Assert.Equal("The cluster returned 0 tokens for 1 rows of an answer, and 1 in all.", fault.Message);
    }

    [Fact]
    public void The_response_timeout_must_leave_time_for_the_largest_messages()
    {
        TimeSpan longest = Options.LongestCallTimeout;
        Assert.True(longest > Options.ExpertCallTimeout);
        CallTimeoutValidator validator = new(Options);
        Assert.True(validator.Validate(null, new SiloMessagingOptions()).Succeeded);
        Assert.True(validator.Validate(null, new SiloMessagingOptions { ResponseTimeout = longest }).Failed);
        Assert.True(validator.Validate(null, new SiloMessagingOptions { ResponseTimeout = longest + TimeSpan.FromMilliseconds(1) }).Succeeded);
    }

    [Fact]
    public void A_silo_with_a_response_timeout_that_is_too_short_does_not_start()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleans(static silo => silo.UseLocalhostClustering().AddHunyuan(Options)
            .Configure<SiloMessagingOptions>(static messaging => messaging.ResponseTimeout = Options.ExpertCallTimeout));
        using IHost host = builder.Build();
        OptionsValidationException wrong = Assert.Throws<OptionsValidationException>(host.Services.GetRequiredService<IStartupValidator>().Validate);
        Assert.Contains($"allowed: more than {Options.LongestCallTimeout}", wrong.Message, StringComparison.Ordinal);
    }

    private static ClusterExecutor WithOneShard(Func<StepMessage, StepReply> reply)
    {
        RouteState state = new();
        RoutePlanner planner = new(Model.Settings, Model.Config, "a", 1, null!, null!, null!, state, NullLogger.Instance, TimeProvider.System);
        RouteManager routes = new(Model.Name, planner, state, null!, TimeSpan.Zero, NullLogger.Instance, TimeProvider.System);
        IGrainFactory grains = FakeGrains.Create((_, _, arguments) => Task.FromResult<StepReply?>(reply((StepMessage)arguments[0]!)));
        ClusterExecutor executor = new(Model.Settings, Model.Config, Options, routes, state, grains, NullLogger.Instance, TimeProvider.System);
        string key = PinnedKey.Of(Model.Name, new LayerRange(0, Model.Config.Layers - 1), "a").ToString();
        Route route = new(1, null!, [new RouteStage(PinnedKey.Parse(key), grains.GetGrain<IAttentionShardGrain>(key))], []);
        state.Publish(route);
        state.InUse = route;
        return executor;
    }
}
