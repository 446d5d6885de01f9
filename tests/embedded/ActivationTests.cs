namespace HunyuanOrleans.Embedded.Tests;

public sealed class ActivationTests
{
    [Fact]
    public async Task A_key_has_one_activation_whoever_calls_and_how_many()
    {
        await using var cluster = await TestCluster.StartAsync(2);
        var grains = Enumerable.Range(0, 20).Select(_ => cluster.Client.GetGrain<ICounterGrain>("one"));
        var seen = await Task.WhenAll(grains.Select(g => g.WhereAsync()));
        Assert.Single(seen.Distinct());
        var other = cluster.Client.GetGrain<ICounterGrain>("other");
        Assert.Equal(seen[0], await other.WhereOfAsync(cluster.Client.GetGrain<ICounterGrain>("one")));
        Assert.NotEqual(seen[0].Activation, (await other.WhereAsync()).Activation);
    }

    [Fact]
    public async Task Keys_come_back_as_they_were()
    {
        await using var cluster = await TestCluster.StartAsync(1);
        Assert.Equal("a/b c", await cluster.Client.GetGrain<ICounterGrain>("a/b c").KeyAsync());
        var guid = Guid.NewGuid();
        var worker = cluster.Client.GetGrain<IWorkerGrain>(guid);
        Assert.Equal(guid, await worker.KeyAsync());
        Assert.Equal(guid, worker.GetPrimaryKey());
        Assert.Equal(-7, cluster.Client.GetGrain<IMeetingGrain>(-7).GetPrimaryKeyLong());
        Assert.Equal("x", cluster.Client.GetGrain<ICounterGrain>("x").GetPrimaryKeyString());
    }

    [Fact]
    public async Task References_compare_by_grain_and_travel()
    {
        await using var cluster = await TestCluster.StartAsync(2);
        var grain = cluster.Client.GetGrain<ICounterGrain>("one");
        var self = await grain.SelfAsync();
        Assert.Equal<object>(grain, self);
        Assert.Equal(await grain.WhereAsync(), await self.WhereAsync());
    }

    [Fact]
    public async Task A_deactivated_grain_comes_back_anew()
    {
        await using var cluster = await TestCluster.StartAsync(1);
        var grain = cluster.Client.GetGrain<ICounterGrain>("one");
        Assert.Equal(5, await grain.AddAsync(5));
        var before = await grain.WhereAsync();
        await grain.EndAsync();
        Assert.Equal(1, await grain.AddAsync(1));
        Assert.NotEqual(before.Activation, (await grain.WhereAsync()).Activation);
    }

    [Fact]
    public async Task Failures_reach_the_caller_with_type_and_message()
    {
        await using var cluster = await TestCluster.StartAsync(1);
        var failed = await Assert.ThrowsAsync<InvalidOperationException>(() => cluster.Client.GetGrain<ICounterGrain>("one").FailAsync("why"));
        Assert.Equal("why", failed.Message);
    }

    [Fact]
    public async Task What_fails_activation_fails_the_call()
    {
        await using var cluster = await TestCluster.StartAsync(1);
        var failed = await Assert.ThrowsAsync<NotSupportedException>(() => cluster.Client.GetGrain<IStubbornGrain>("one").DoAsync());
        Assert.Equal("I will not.", failed.Message);
    }

    [Fact]
    public async Task Request_context_reaches_the_grain()
    {
        await using var cluster = await TestCluster.StartAsync(1);
        RequestContext.Set("who", "me");
        Assert.Equal("me", await cluster.Client.GetGrain<ICounterGrain>("one").ContextAsync("who"));
        RequestContext.Remove("who");
        Assert.Null(await cluster.Client.GetGrain<ICounterGrain>("one").ContextAsync("who"));
    }

    [Fact]
    public async Task Nobody_hears_of_a_one_way_call_but_it_runs()
    {
        await using var cluster = await TestCluster.StartAsync(1);
        var grain = cluster.Client.GetGrain<ICounterGrain>("one");
        await grain.TellAsync(3);
        await Wait.UntilAsync(async () => await grain.AddAsync(0) == 3);
    }
}
