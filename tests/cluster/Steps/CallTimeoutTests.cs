using System.Collections.Concurrent;
using System.Reflection;
using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Engine.Kv;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Execution;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans;
using Polly;
using Polly.Timeout;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Steps;

/// <summary>Calls with more bytes count as lost later, and none waits without end.</summary>
public sealed class CallTimeoutTests
{
    private const string Model = "m";
    private const int RowBytes = 1000;

    // A row takes one second.
    private static readonly HunyuanSiloOptions Options = new()
    {
        Capacity = new SiloCapacity { Name = "a", MemoryBytes = 1, MemoryBandwidth = 1 },
        SlowestNetwork = RowBytes,
        MessageBytes = 8 * RowBytes,
        MessagesInFlight = 2,
        ExpertCallTimeout = TimeSpan.FromSeconds(10),
        ExpertCallRetries = 0,
        StepProbeInterval = TimeSpan.FromSeconds(1),
    };

    [Theory]
    [InlineData(1, 1 + 3)]
    [InlineData(5, 5 + 3)]
    [InlineData(8, 8 + 3)]
    [InlineData(100, 8 + 3)]
    public async Task A_step_that_no_shard_knows_is_asked_for_more_often_the_longer_its_last_message_takes(int rows, int probes)
    {
        int asked = 0;
        FakeTimeProvider time = new();
        Task<StepReply> step = Send(rows, time, () =>
        {
            Interlocked.Increment(ref asked);
            return Task.FromResult(StepPhase.Unknown);
        });
        await AdvanceUntilAsync(time, step);
        await Assert.ThrowsAsync<TimeoutException>(() => step);
        Assert.Equal(probes, asked);
    }

    [Theory]
    [InlineData(1, 4 + 1)]
    [InlineData(5, 4 + 5)]
    [InlineData(100, 4 + 16)]
    public async Task A_probe_may_wait_behind_the_messages_of_its_step(int rows, int seconds)
    {
        TimerClock time = new();
        Task<StepReply> step = Send(rows, time, static () => new TaskCompletionSource<StepPhase>().Task);
        await time.WaitForTimerAsync(Options.StepProbeInterval);
        time.Advance(Options.StepProbeInterval);
        await time.WaitForTimerAsync(TimeSpan.FromSeconds(seconds));
        time.Advance(TimeSpan.FromSeconds(seconds));
        await Assert.ThrowsAsync<TimeoutException>(() => step.WaitAsync(Wait.Limit));
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(1, 10 + 2)]
    [InlineData(7, 10 + 14)]
    public async Task A_call_of_an_expert_gets_the_time_of_its_bytes(int rows, int seconds)
    {
        FakeTimeProvider time = new();
        CancellationToken token = default;
        ResilienceContext context = RetryPolicies.ForBytes(rows * RowBytes, CancellationToken.None);
        Task call = RetryPolicies.ForExperts(Options, time).ExecuteAsync(
            async now =>
            {
                token = now.CancellationToken;
                await Task.Delay(Timeout.InfiniteTimeSpan, token);
            },
            context).AsTask();
        time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromTicks(1));
        Assert.False(token.IsCancellationRequested);
        time.Advance(TimeSpan.FromTicks(1));
        await Assert.ThrowsAsync<TimeoutRejectedException>(() => call.WaitAsync(Wait.Limit));
        ResilienceContextPool.Shared.Return(context);
    }

    [Theory]
    [InlineData(1, 1, 10 + 2)]
    [InlineData(1, 3, 10 + 6)]
    [InlineData(4, 2, 10 + 16)]
    public async Task A_move_of_keys_and_values_gets_the_time_of_its_bytes(int groups, int blocks, int seconds)
    {
        TimerClock time = new();
        Task<int?> move = MoveAsync(groups, blocks, time, static (_, _) => new TaskCompletionSource().Task);
        await time.WaitForTimerAsync(TimeSpan.FromSeconds(seconds));
        time.Advance(TimeSpan.FromSeconds(seconds));
        Assert.Null(await move.WaitAsync(Wait.Limit));
    }

    [Theory]
    [InlineData(1, 100)]
    [InlineData(5, 7)]
    [InlineData(40, 3)]
    public async Task No_move_of_keys_and_values_takes_longer_than_the_response_timeout_allows(int groups, int blocks)
    {
        List<int> moved = [];
        Assert.Equal(blocks, await MoveAsync(groups, blocks, TimeProvider.System, (layers, count) =>
        {
            lock (moved)
            {
                moved.Add(layers * count);
            }

            return Task.CompletedTask;
        }));
        Assert.Equal(groups * blocks, moved.Sum());
        Assert.All(moved, count => Assert.InRange(Options.CallTimeout((long)count * RowBytes * Options.MessagesInFlight), TimeSpan.Zero, Options.LongestCallTimeout));
    }

    [Fact]
    public void No_call_waits_longer_than_a_minute()
    {
        MethodInfo[] own = [.. GrainMethods.All.Where(static method => method.IsDefined(typeof(ResponseTimeoutAttribute)))];
        Assert.NotEmpty(own);
        Assert.All(own, static method => Assert.InRange(method.GetCustomAttribute<ResponseTimeoutAttribute>()!.Timeout!.Value, TimeSpan.Zero, TimeSpan.FromMinutes(1)));
        Assert.InRange(new HunyuanSiloOptions { Capacity = Options.Capacity }.LongestCallTimeout, TimeSpan.Zero, TimeSpan.FromMinutes(1));
    }

    private static Task<StepReply> Send(int rows, TimeProvider time, Func<Task<StepPhase>> probe)
    {
        IGrainFactory grains = FakeGrains.Create((_, method) =>
            method.Name == nameof(IAttentionShardGrain.PhaseAsync) ? probe() : new TaskCompletionSource<StepReply?>().Task);
        return new StepTimeout(Options, RowBytes, time).SendAsync(RouteOn("a", grains, 1, 1), new StepMessage { Tokens = new int[rows] }, CancellationToken.None);
    }

    // Moves blocks of so many groups of one layer, each as large as a row.
    private static Task<int?> MoveAsync(int groups, int blocks, TimeProvider time, Func<int, int, Task> move)
    {
        IGrainFactory grains = FakeGrains.Create((_, _, arguments) => move((int)arguments[4]! - (int)arguments[3]! + 1, ((int[])arguments[5]!).Length));
        return new KvMigrator(grains, Options, RowBytes, Model, NullLogger.Instance, time).MoveAsync(
            1, RouteOn("a", grains, 1, groups), RouteOn("b", grains, 2, groups), 1, new SessionTables(), new AllBlocks(blocks), CancellationToken.None);
    }

    private static Route RouteOn(string silo, IGrainFactory grains, long version, int layers)
    {
        PinnedKey key = PinnedKey.Of(Model, new LayerRange(0, layers - 1), silo);
        return new Route(
            version, null!, [new RouteStage(key, grains.GetGrain<IAttentionShardGrain>(key.ToString())) { Incarnations = [.. Enumerable.Repeat(version, layers)] }], []);
    }

    private static Task AdvanceUntilAsync(FakeTimeProvider time, Task end) => Wait.UntilAsync(() =>
    {
        time.Advance(Options.StepProbeInterval);
        return end.IsCompleted;
    });

    /// <summary>A clock that knows what its timers wait for.</summary>
    private sealed class TimerClock : FakeTimeProvider
    {
        private readonly ConcurrentQueue<TimeSpan> _timers = [];

        /// <summary>Waits until the next timer is created, and asserts its time.</summary>
        public async Task WaitForTimerAsync(TimeSpan expected)
        {
            TimeSpan due = default;
            await Wait.UntilAsync(() => _timers.TryDequeue(out due));
            Assert.Equal(expected, due);
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            ITimer timer = base.CreateTimer(callback, state, dueTime, period);
            _timers.Enqueue(dueTime);
            return timer;
        }
    }

    private sealed class AllBlocks(int count) : IKvBlockUsage
    {
        public int BlockCount => count;

        public bool IsLive(int block) => true;
    }
}
