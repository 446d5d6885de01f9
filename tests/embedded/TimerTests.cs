namespace HunyuanOrleans.Embedded.Tests;

public sealed class TimerTests
{
    [Fact]
    public async Task Timers_tick_until_disposed()
    {
        await using var cluster = await TestCluster.StartAsync(1);
        var grain = cluster.Client.GetGrain<ITimerGrain>("one");
        await grain.StartAsync(5, interleave: false);
        await Wait.UntilAsync(async () => await grain.TicksAsync() >= 3);
        await grain.StopAsync();
        var ticks = await grain.TicksAsync();
        await Task.Delay(60);
        Assert.Equal(ticks, await grain.TicksAsync());
    }

    [Fact]
    public async Task Ticks_wait_their_turn_unless_they_interleave()
    {
        await using var cluster = await TestCluster.StartAsync(1);
        var waiting = cluster.Client.GetGrain<ITimerGrain>("one");
        await waiting.StartAsync(5, interleave: false);
        Assert.Equal(0, await waiting.BusyAsync(80));
        var interleaving = cluster.Client.GetGrain<ITimerGrain>("two");
        await interleaving.StartAsync(5, interleave: true);
        Assert.True(await interleaving.BusyAsync(500) > 0);
    }
}
