namespace HunyuanOrleans.Cluster.Tests.Runtime;

public sealed class StreamTests
{
    [Fact]
    public async Task Items_arrive_in_order_to_clients_and_grains()
    {
        await using var cluster = await RuntimeCluster.StartAsync(2);
        var grain = cluster.Client.GetGrain<IStreamGrain>("one");
        var expected = 0;
        await foreach (var i in grain.CountAsync(1000)) Assert.Equal(expected++, i);
        Assert.Equal(1000, expected);
        await foreach (var i in grain.CountAsync(10).WithBatchSize(1)) expected += i;
        Assert.Equal(1045, expected);
        Assert.Equal(4950, await grain.SumOfAsync(cluster.Client.GetGrain<IStreamGrain>("two"), 100));
    }

    [Fact]
    public async Task A_failure_arrives_after_the_items_before_it()
    {
        await using var cluster = await RuntimeCluster.StartAsync(1);
        var seen = 0;
        var failed = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await foreach (var _ in cluster.Client.GetGrain<IStreamGrain>("one").FailAfterAsync(3)) seen++;
        });
        Assert.Equal("enough", failed.Message);
        Assert.Equal(3, seen);
    }

    [Fact]
    public async Task Leaving_early_ends_the_grains_side()
    {
        await using var cluster = await RuntimeCluster.StartAsync(1);
        var grain = cluster.Client.GetGrain<IStreamGrain>("one");
        await grain.StepAsync();
        await grain.StepAsync();
        await foreach (var i in grain.StepsAsync())
        {
            if (i == 1) break;
        }
        Assert.NotEqual("running", await grain.StateAsync());
    }

    [Fact]
    public async Task Cancelling_ends_both_sides()
    {
        await using var cluster = await RuntimeCluster.StartAsync(1);
        var grain = cluster.Client.GetGrain<IStreamGrain>("one");
        using var cancel = new CancellationTokenSource();
        await grain.StepAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in grain.StepsAsync().WithCancellation(cancel.Token)) cancel.CancelAfter(20);
        });
        await Wait.UntilAsync(async () => await grain.StateAsync() == "cancelled");
    }

    [Fact]
    public async Task Requests_run_while_an_enumeration_waits()
    {
        await using var cluster = await RuntimeCluster.StartAsync(1);
        var grain = cluster.Client.GetGrain<IStreamGrain>("one");
        await using var items = grain.StepsAsync().GetAsyncEnumerator();
        var next = items.MoveNextAsync();
        await Wait.UntilAsync(async () => await grain.StateAsync() == "running");
        await grain.StepAsync();
        Assert.True(await next);
        Assert.Equal(0, items.Current);
    }

    [Fact]
    public async Task An_enumeration_ends_when_its_grain_does()
    {
        await using var cluster = await RuntimeCluster.StartAsync(1);
        var grain = cluster.Client.GetGrain<IStreamGrain>("one");
        await grain.StepAsync();
        var items = grain.StepsAsync().GetAsyncEnumerator();
        Assert.True(await items.MoveNextAsync());
        await grain.EndAsync();
        await Assert.ThrowsAsync<EnumerationAbortedException>(() => items.MoveNextAsync().AsTask());
    }

    [Fact]
    public async Task An_enumeration_does_not_outlive_a_killed_silo()
    {
        await using var cluster = await RuntimeCluster.StartAsync(2);
        var (grain, place) = await OnAnyAsync(cluster);
        await grain.StepAsync();
        var items = grain.StepsAsync().GetAsyncEnumerator();
        Assert.True(await items.MoveNextAsync());
        await cluster.KillSiloAsync(place);
        // Orleans may need to be told once that the silo is gone.
        var failed = await Record.ExceptionAsync(() => items.MoveNextAsync().AsTask());
        Assert.True(failed is EnumerationAbortedException or SiloUnavailableException, $"{failed}");
        Assert.Equal("none", await Wait.RetryAsync(grain.StateAsync));
    }

    private static async Task<(IStreamGrain Grain, SiloAddress Place)> OnAnyAsync(TestCluster cluster)
    {
        // The last silo: on Orleans the client may be connected to the first.
        var place = cluster.Silos[^1];
        RequestContext.Set(Orleans.Runtime.Placement.IPlacementDirector.PlacementHintKey, place);
        var grain = cluster.Client.GetGrain<IStreamGrain>("one");
        Assert.Equal("none", await grain.StateAsync());
        RequestContext.Clear();
        return (grain, place);
    }
}
