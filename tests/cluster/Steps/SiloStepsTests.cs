using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Shards;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Steps;

/// <summary>Which steps the shards of a silo compute when several are in flight.</summary>
public sealed class SiloStepsTests
{
    private const string Shard = "first", OtherShard = "second";

    private static readonly StepReply Reply = new([], null);

    private readonly SiloSteps _steps = new();

    [Fact]
    public async Task Steps_in_flight_arrive_in_any_order_and_run_once()
    {
        int runs = 0;
        Task<StepReply> later = Run(Shard, 2, [1], Count), earlier = Run(Shard, 1, [], Count), again = Run(Shard, 1, [], Count);
        Assert.Same(earlier, again);
        await Task.WhenAll(later, earlier);
        Assert.Equal(2, runs);
        Assert.Equal(StepPhase.Done, _steps.PhaseOf(Shard, 1, 1));

        Task<StepReply> Count(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref runs);
            return Task.FromResult(Reply);
        }
    }

    [Fact]
    public async Task A_step_that_is_over_is_refused_in_every_shard()
    {
        await Run(Shard, 3, []);
        Assert.Throws<StaleStepException>(() => { _ = Run(Shard, 2, []); });
        Assert.Throws<StaleStepException>(() => { _ = Run(OtherShard, 2, []); });
        await Run(OtherShard, 3, []);
        await Run(Shard, 4, []);
        Assert.Equal(StepPhase.Unknown, _steps.PhaseOf(Shard, 1, 3));
        _steps.Clear();
        await Run(Shard, 1, []);
    }

    [Theory]
    [InlineData(Shard, false)]
    [InlineData(OtherShard, false)]
    [InlineData(OtherShard, true)]
    public async Task A_step_that_is_over_ends_before_a_later_one_begins_in_any_shard(string laterShard, bool removesFirst)
    {
        TaskCompletionSource writes = new();
        bool cancelled = false, began = false;
        Task<StepReply> over = Run(Shard, 1, [], async token =>
        {
            token.Register(() => Volatile.Write(ref cancelled, true));
            await writes.Task;
            return Reply;
        });
        await Run(OtherShard, 2, [1]);
        Assert.False(cancelled);
        if (removesFirst)
        {
            _steps.Remove(Shard);
        }

        Task<StepReply> later = Run(laterShard, 3, [], _ =>
        {
            Volatile.Write(ref began, true);
            return Task.FromResult(Reply);
        });
        await Wait.UntilAsync(() => Volatile.Read(ref cancelled));
        Assert.False(Volatile.Read(ref began));
        Assert.Equal(StepPhase.Unknown, _steps.PhaseOf(Shard, 1, 1));
        writes.SetResult();
        await later;
        await over;
        Assert.True(began);
    }

    private Task<StepReply> Run(string shard, long number, long[] inFlight, Func<CancellationToken, Task<StepReply>>? run = null)
    {
        StepRegistration registered = _steps.Register(shard, new StepMessage { Epoch = 1, Number = number, InFlight = inFlight }, out _);
        if (registered.IsNew)
        {
            StepDeduplicator.Start(registered.Step, registered.Ending, static (run, token) => run(token), run ?? (static _ => Task.FromResult(Reply)));
        }

        return registered.Step.Reply;
    }
}
