namespace HunyuanOrleans.Cluster.Tests.Runtime;

public sealed class CallTests
{
    [Fact]
    public async Task A_late_answer_is_a_timeout()
    {
        await using var cluster = await RuntimeCluster.StartAsync(1);
        var grain = cluster.Client.GetGrain<ICounterGrain>("one");
        await Assert.ThrowsAsync<TimeoutException>(() => grain.ImpatientAsync());
        await grain.ReleaseAsync();
        await grain.ImpatientAsync();
    }

    [Fact]
    public async Task Cancelling_ends_the_call_at_once_and_tells_the_grain()
    {
        await using var cluster = await RuntimeCluster.StartAsync(1);
        var grain = cluster.Client.GetGrain<ICounterGrain>("one");
        using var cancel = new CancellationTokenSource();
        var call = grain.HoldAsync(cancel.Token);
        Assert.Equal(0, await grain.CancelledAsync());
        cancel.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await Wait.UntilAsync(async () => await grain.CancelledAsync() == 1);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => grain.HoldAsync(cancel.Token));
    }

    [Fact]
    public async Task Incoming_filters_see_repeat_and_replace_calls()
    {
        var calls = 0;
        await using var cluster = await RuntimeCluster.StartAsync(1, new((_, silo) => silo.AddIncomingGrainCallFilter(async context =>
        {
            if (context.InterfaceMethod.DeclaringType != typeof(ICounterGrain))
            {
                await context.Invoke();
                return;
            }
            Interlocked.Increment(ref calls);
            Assert.Equal("one", context.TargetId.Key.ToString());
            if (context.MethodName == nameof(ICounterGrain.KeyAsync))
            {
                context.Result = "replaced";
                return;
            }
            await context.Invoke();
            if (context.MethodName == nameof(ICounterGrain.AddAsync) && (int)context.Request.GetArgument(0)! == 2) await context.Invoke();
        })));
        var grain = cluster.Client.GetGrain<ICounterGrain>("one");
        Assert.Equal(4, await grain.AddAsync(2));
        Assert.Equal("replaced", await grain.KeyAsync());
        Assert.Equal("why", (await Assert.ThrowsAsync<InvalidOperationException>(() => grain.FailAsync("why"))).Message);
        Assert.Equal(3, calls);
    }

    [Fact]
    public async Task Outgoing_filters_drop_repeat_and_fail_calls()
    {
        var drop = true;
        var seen = new List<string>();
        await using var cluster = await RuntimeCluster.StartAsync(1, new(Client: client => client.AddOutgoingGrainCallFilter(async context =>
        {
            lock (seen) seen.Add(context.MethodName);
            if (context.MethodName == nameof(ICounterGrain.AddAsync))
            {
                if (drop) throw new TimeoutException("lost");
                await context.Invoke();
                await context.Invoke();
                return;
            }
            await context.Invoke();
        })));
        var grain = cluster.Client.GetGrain<ICounterGrain>("one");
        Assert.Equal("lost", (await Assert.ThrowsAsync<TimeoutException>(() => grain.AddAsync(1))).Message);
        drop = false;
        Assert.Equal(2, await grain.AddAsync(1));
        Assert.Equal("why", (await Assert.ThrowsAsync<InvalidOperationException>(() => grain.FailAsync("why"))).Message);
        var items = 0;
        await foreach (var _ in cluster.Client.GetGrain<IStreamGrain>("one").CountAsync(10)) items++;
        Assert.Equal(10, items);
        lock (seen) Assert.True(seen.Contains("StartEnumeration<T>"), string.Join(" ", seen));
    }
}
