using HunyuanOrleans.Cluster.Tests.Runtime.Grains;
using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Runtime;

/// <summary>How calls end: with a timeout, or cancelled.</summary>
[Collection(nameof(RuntimeCluster))]
public sealed class CallTests(RuntimeCluster cluster)
{
    [Fact]
    public async Task A_reply_after_the_methods_response_timeout_is_a_timeout()
    {
        ICallGrain grain = cluster.Client.GetGrain<ICallGrain>("late");
        string gate = Gates.Create();
        await Assert.ThrowsAsync<TimeoutException>(() => grain.PassSoonAsync(gate));
        Gates.Open(gate);
        await TestCluster.RetryAsync(async () =>
        {
            await grain.PassSoonAsync(gate);
            return true;
        });
    }

    [Fact]
    public async Task Cancelling_ends_the_call_and_tells_the_grain()
    {
        ICallGrain grain = cluster.Client.GetGrain<ICallGrain>("cancelled");
        using CancellationTokenSource cancel = new();
        Task call = grain.WaitForeverAsync(cancel.Token);
        await Wait.UntilAsync(grain.CountBegunAsync, static begun => begun == 1);
        Assert.Equal(0, await grain.CountCancelledAsync());
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await Wait.UntilAsync(grain.CountCancelledAsync, static cancelled => cancelled == 1);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => grain.WaitForeverAsync(cancel.Token));
    }
}
