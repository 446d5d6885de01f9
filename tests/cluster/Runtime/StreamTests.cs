using HunyuanOrleans.Cluster.Tests.Runtime.Grains;
using HunyuanOrleans.TestSupport;
using Orleans.Runtime;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Runtime;

/// <summary>Grain methods that return IAsyncEnumerable: order, failures, and how enumerations end.</summary>
[Collection(nameof(RuntimeCluster))]
public sealed class StreamTests(RuntimeCluster cluster)
{
    [Fact]
    public async Task Items_arrive_in_order_at_clients_and_grains()
    {
        IStreamGrain grain = cluster.Client.GetGrain<IStreamGrain>("order");
        Assert.Equal(Enumerable.Range(0, 1000), await grain.CountAsync(1000).ToListAsync());
        Assert.Equal(4950, await grain.SumAsync(cluster.Client.GetGrain<IStreamGrain>("counts for another"), 100));
    }

    [Fact]
    public async Task A_failure_arrives_after_the_items_before_it()
    {
        IStreamGrain grain = cluster.Client.GetGrain<IStreamGrain>("failure");
        int items = 0;
        InvalidOperationException failure = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await foreach (int _ in grain.FailAfterAsync(3))
            {
                items++;
            }
        });
        Assert.Equal("enough", failure.Message);
        Assert.Equal(3, items);
    }

    [Fact]
    public async Task A_reader_that_stops_reading_ends_the_grains_enumeration()
    {
        IStreamGrain grain = cluster.Client.GetGrain<IStreamGrain>("reader stops");
        await grain.ReleaseItemAsync();
        await grain.ReleaseItemAsync();
        await foreach (int item in grain.ReadReleasedAsync())
        {
            if (item == 1)
            {
                break;
            }
        }

        await Wait.UntilAsync(grain.StateAsync, static state => state is EnumerationState.Ended or EnumerationState.Cancelled);
    }

    [Fact]
    public async Task Cancelling_ends_both_sides()
    {
        IStreamGrain grain = cluster.Client.GetGrain<IStreamGrain>("cancelled");
        using CancellationTokenSource cancel = new();
        await grain.ReleaseItemAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (int _ in grain.ReadReleasedAsync().WithCancellation(cancel.Token))
            {
                await cancel.CancelAsync();
            }
        });
        await Wait.UntilAsync(grain.StateAsync, static state => state == EnumerationState.Cancelled);
    }

    [Fact]
    public async Task Calls_run_while_an_enumeration_waits()
    {
        IStreamGrain grain = cluster.Client.GetGrain<IStreamGrain>("waits");
        await using IAsyncEnumerator<int> items = grain.ReadReleasedAsync().GetAsyncEnumerator();
        ValueTask<bool> next = items.MoveNextAsync();
        await Wait.UntilAsync(grain.StateAsync, static state => state == EnumerationState.Running);
        await grain.ReleaseItemAsync();
        Assert.True(await next);
        Assert.Equal(0, items.Current);
    }

    [Fact]
    public async Task An_enumeration_ends_with_its_grain()
    {
        IStreamGrain grain = cluster.Client.GetGrain<IStreamGrain>("deactivated");
        await grain.ReleaseItemAsync();
        await using IAsyncEnumerator<int> items = grain.ReadReleasedAsync().GetAsyncEnumerator();
        Assert.True(await items.MoveNextAsync());
        await grain.DeactivateAsync();
        await Assert.ThrowsAsync<EnumerationAbortedException>(() => items.MoveNextAsync().AsTask());
    }
}
