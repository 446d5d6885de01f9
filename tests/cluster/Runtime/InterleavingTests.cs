using HunyuanOrleans.Cluster.Tests.Runtime.Grains;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Runtime;

/// <summary>Which calls of a grain run while another one waits.</summary>
[Collection(nameof(RuntimeCluster))]
public sealed class InterleavingTests(RuntimeCluster cluster)
{
    [Fact]
    public async Task Calls_of_a_plain_grain_wait_for_each_other()
    {
        IPlainGrain grain = cluster.Client.GetGrain<IPlainGrain>("waits");
        string gate = Gates.Create();
        Task first = grain.PassAsync(gate);
        await Wait.UntilAsync(() => Gates.ArrivalsAt(gate) == 1);
        Task second = grain.PassAsync(gate);

        // The reply to a later call shows that the second one has come to the grain too.
        await grain.PingAsync();
        Assert.Equal(1, Gates.ArrivalsAt(gate));
        Gates.Open(gate);
        await Task.WhenAll(first, second).WaitAsync(Wait.Limit);
        Assert.Equal(2, Gates.ArrivalsAt(gate));
    }

    [Fact]
    public async Task Calls_marked_AlwaysInterleave_do_not_wait()
    {
        IPlainGrain grain = cluster.Client.GetGrain<IPlainGrain>("interleaves");
        string gate = Gates.Create();
        await AssertBothRunAsync(gate, grain.PassAsync(gate), grain.PassInterleavedAsync(gate));
    }

    [Fact]
    public async Task Calls_of_a_reentrant_grain_do_not_wait()
    {
        IReentrantGrain grain = cluster.Client.GetGrain<IReentrantGrain>("reentrant");
        string gate = Gates.Create();
        await AssertBothRunAsync(gate, grain.PassAsync(gate), grain.PassAsync(gate));
    }

    [Fact]
    public async Task A_stateless_worker_has_several_activations_on_one_silo()
    {
        IWorkerGrain worker = cluster.Client.GetGrain<IWorkerGrain>(Guid.Empty);
        string gate = Gates.Create();
        Task<Location> first = worker.PassAsync(gate), second = worker.PassAsync(gate);
        await AssertBothRunAsync(gate, first, second);
        Assert.NotEqual((await first).Activation, (await second).Activation);
        Assert.Equal((await first).Silo, (await second).Silo);
    }

    private static async Task AssertBothRunAsync(string gate, Task first, Task second)
    {
        await Wait.UntilAsync(() => Gates.ArrivalsAt(gate) == 2);
        Gates.Open(gate);
        await Task.WhenAll(first, second).WaitAsync(Wait.Limit);
    }
}
