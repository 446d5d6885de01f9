namespace HunyuanOrleans.Cluster.Tests.Runtime;

public sealed class SchedulingTests
{
    [Fact]
    public async Task Requests_of_a_grain_do_not_overlap()
    {
        await using var cluster = await RuntimeCluster.StartAsync(2);
        var grain = cluster.Client.GetGrain<ICounterGrain>("one");
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => grain.AddAsync(1)));
        Assert.Equal(50, await grain.AddAsync(0));
        Assert.Equal(1, await grain.RunningAsync());
    }

    [Fact]
    public async Task Plain_methods_wait_for_each_other()
    {
        await using var cluster = await RuntimeCluster.StartAsync(1);
        var grain = cluster.Client.GetGrain<IMeetingGrain>(1);
        Assert.Equal(new[] { false, false }, await Task.WhenAll(grain.MeetAsync(50), grain.MeetAsync(50)));
        Assert.Equal(new[] { false, false }, await Task.WhenAll(grain.MeetAsync(50), grain.MeetReadingAsync(50)));
    }

    [Fact]
    public async Task Interleaving_methods_and_reentrant_grains_do_not_wait()
    {
        await using var cluster = await RuntimeCluster.StartAsync(1);
        var grain = cluster.Client.GetGrain<IMeetingGrain>(1);
        Assert.Equal(new[] { true, true }, await Task.WhenAll(grain.MeetReadingAsync(10_000), grain.MeetReadingAsync(10_000)));
        Assert.Equal(new[] { true, true }, await Task.WhenAll(grain.MeetAsync(10_000), grain.MeetAlwaysAsync(10_000)));
        var open = cluster.Client.GetGrain<IOpenMeetingGrain>(1);
        Assert.Equal(new[] { true, true }, await Task.WhenAll(open.MeetAsync(10_000), open.MeetAsync(10_000)));
    }

    [Fact]
    public async Task Stateless_workers_are_several_up_to_their_limit()
    {
        await using var cluster = await RuntimeCluster.StartAsync(1);
        var worker = cluster.Client.GetGrain<IWorkerGrain>(Guid.Empty);
        var seen = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => worker.WorkAsync(30)));
        Assert.Equal(2, seen.Select(s => s.Activation).Distinct().Count());
    }
}
