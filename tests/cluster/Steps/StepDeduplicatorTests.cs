using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Shards;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Steps;

/// <summary>Which steps a shard computes when several are in flight.</summary>
public sealed class StepDeduplicatorTests
{
    private static readonly StepReply Reply = new([], null);

    private readonly StepDeduplicator _steps = new();

    [Fact]
    public async Task Steps_in_flight_arrive_in_any_order_and_run_once()
    {
        int runs = 0;
        Task<StepReply> later = Enter(2, [1]), earlier = Enter(1, []), again = Enter(1, []);
        Assert.Same(earlier, again);
        await Task.WhenAll(later, earlier);
        Assert.Equal(2, runs);
        Assert.Equal(StepPhase.Done, _steps.PhaseOf(1, 1));

        Task<StepReply> Enter(long number, long[] inFlight) => _steps.Enter(1, number, inFlight, _ =>
        {
            Interlocked.Increment(ref runs);
            return Task.FromResult(Reply);
        });
    }

    [Fact]
    public async Task A_step_that_is_over_is_refused()
    {
        await Run(1, 3, []);
        Assert.Throws<StaleStepException>(() => { _ = Run(1, 2, []); });
        await Run(2, 1, []);
        Assert.Throws<StaleStepException>(() => { _ = Run(1, 4, []); });
        Assert.Throws<StaleStepException>(() => { _ = _steps.Find(1, 3); });
    }

    [Fact]
    public async Task A_step_that_is_over_ends_before_a_later_one_begins()
    {
        TaskCompletionSource writes = new();
        bool cancelled = false, began = false;
        Task<StepReply> over = _steps.Enter(1, 1, [], async token =>
        {
            token.Register(() => Volatile.Write(ref cancelled, true));
            await writes.Task;
            return Reply;
        });
        Task<StepReply> other = _steps.Enter(1, 2, [1], static _ => Task.FromResult(Reply));
        await other;
        Assert.False(cancelled);
        Task<StepReply> later = _steps.Enter(1, 3, [], _ =>
        {
            Volatile.Write(ref began, true);
            return Task.FromResult(Reply);
        });
        await Wait.UntilAsync(() => Volatile.Read(ref cancelled));
        Assert.False(Volatile.Read(ref began));
        Assert.Equal(StepPhase.Unknown, _steps.PhaseOf(1, 1));
        writes.SetResult();
        await later;
        await over;
        Assert.True(began);
    }

    private Task<StepReply> Run(long epoch, long number, long[] inFlight) => _steps.Enter(epoch, number, inFlight, static _ => Task.FromResult(Reply));
}
